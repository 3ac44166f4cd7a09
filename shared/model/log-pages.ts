import { z } from 'zod';
import type { LogTail } from './job.ts';
import { charCount } from './text.ts';

/** A stored page of a log: its text beside the job, or the S3 key of an object that holds it. Counts are characters. */
export const LogPage = z.object({
  attempt: z.number().int(),
  start: z.number().int(),
  chars: z.number().int(),
  text: z.string().optional(),
  object: z.string().optional(),
});
export type LogPage = z.infer<typeof LogPage>;

/** What to read of a page: `take` characters after the first `skip`; they stand at `start` of the whole log. */
export type LogPart = { page: LogPage; start: number; skip: number; take: number };

/**
 * The parts that make up a log, each character once and in order. A page that stands for later ones covers them; what an
 * older attempt wrote at or after the start of a newer one is dropped, because that attempt had lost its job by then.
 */
export const logParts = (pages: LogPage[], tail: { attempt: number; tail: LogTail | undefined }): LogPart[] => {
  const all = [...pages, ...(tail.tail === undefined ? [] : [tailPage(tail.attempt, tail.tail)])];
  all.sort((a, b) => a.attempt - b.attempt || a.start - b.start);
  const parts: LogPart[] = [];
  let at = 0;
  for (const [index, page] of all.entries()) {
    const next = all.find((other, later) => later > index && other.attempt > page.attempt);
    const end = Math.min(page.start + page.chars, next?.start ?? Number.POSITIVE_INFINITY);
    const start = Math.max(at, page.start);
    if (end <= start) continue;
    parts.push({ page, start, skip: start - page.start, take: end - start });
    at = end;
  }
  return parts;
};

const tailPage = (attempt: number, tail: LogTail): LogPage => ({
  attempt,
  start: tail.start,
  chars: charCount(tail.text),
  text: tail.text,
});

/** Characters of the whole log. */
export const logLength = (parts: LogPart[]): number => {
  const last = parts.at(-1);
  return last === undefined ? 0 : last.start + last.take;
};

/** The parts from character `from` on. */
export const partsFrom = (parts: LogPart[], from: number): LogPart[] =>
  parts.flatMap((part) => {
    const cut = Math.min(part.take, Math.max(0, from - part.start));
    if (cut === part.take) return [];
    return [{ ...part, start: part.start + cut, skip: part.skip + cut, take: part.take - cut }];
  });

/** A stretch of a log and where it ends; `whole` when nothing is behind it. */
export type LogStretch = { parts: LogPart[]; offset: number; whole: boolean };

/**
 * At most `limit` characters from `from` on. A hole can only be seen while pages are being replaced (a query is no
 * snapshot), so a running job's stretch ends before one: the reader comes again. Of a completed job it is passed over.
 */
export const logStretch = (parts: LogPart[], from: number, limit: number, completed: boolean): LogStretch => {
  const wanted: LogPart[] = [];
  let offset = from;
  let rest = limit;
  for (const part of partsFrom(parts, from)) {
    if (rest === 0 || (part.start > offset && !completed)) break;
    const take = Math.min(part.take, rest);
    wanted.push({ ...part, take });
    rest -= take;
    offset = part.start + take;
  }
  return { parts: wanted, offset, whole: offset >= logLength(parts) };
};
