import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { JsonObject } from '../../shared/model/json.ts';
import { parseJson } from '../../shared/model/json.ts';
import type { RunnerRequest } from '../../shared/model/runner.ts';
import type { LargeResult } from './large-result.ts';

/**
 * What a run came to: a JSON text, and whether it is the result or an error. `large`: a result that was left in its file,
 * and not looked at; `json` is then empty. `note`: a line for the log.
 */
export type Verdict = { success: boolean; json: string; large?: LargeResult; memPeakKb?: number; note?: string };

/** Bytes of a result: `frames` travel as text, `most` is what a result may have. */
export type ResultLimits = { frames: number; most: number };

export const limitsOf = (request: RunnerRequest): ResultLimits => ({
  frames: request.resultLimitBytes,
  most: request.largeResult?.limitBytes ?? request.resultLimitBytes,
});

export const failure = (name: string, message: string, more: JsonObject = {}): Verdict => ({
  success: false,
  json: JSON.stringify({ name, message, ...more }),
});

const HEADER_BYTES = 64;

/**
 * Reads the file in which a wrapper left the outcome: a line `success <peak KiB>` or `failure <peak KiB>`, then JSON text.
 * Undefined when there is none: the user's code ended the process by itself. The file is the user's to write, so nothing in
 * it is taken for granted.
 */
export const readOutcome = (file: string, limits: ResultLimits): Verdict | undefined => {
  const start = readUpTo(file, HEADER_BYTES);
  if (start === undefined) return undefined;
  const header = /^(success|failure) (\d+)\n/.exec(start.bytes.toString('latin1'));
  if (header === null) return failure('InvalidResult', 'The file that holds the outcome of the run was damaged');
  const from = header[0].length;
  const memory = header[2] === undefined || header[2] === '0' ? {} : { memPeakKb: Number(header[2]) };
  const large = header[1] === 'success' ? largeIn(file, from, start.size - from, limits) : undefined;
  if (large !== undefined) return { ...large, ...memory };
  const content = readUpTo(file, limits.frames + from);
  if (content === undefined || content.size > content.bytes.length)
    return { ...tooLarge(start.size - from, limits.frames), ...memory };
  const json = content.bytes.toString('utf8', from);
  if (!parseJson(json).ok) return { ...failure('InvalidResult', 'The result is not valid JSON'), ...memory };
  return { success: header[1] === 'success', json, ...memory };
};

/** The verdict on a successful result of this size, when it is too large for frames. */
export const largeIn = (file: string, from: number, bytes: number, limits: ResultLimits): Verdict | undefined => {
  if (bytes <= limits.frames) return undefined;
  return bytes > limits.most ? tooLarge(bytes, limits.most) : { success: true, json: '', large: { file, from, bytes } };
};

export const tooLarge = (bytes: number, limitBytes: number): Verdict =>
  failure(
    'ResultTooLarge',
    `The result is ${bytes} bytes of JSON, more than the limit of ${limitBytes}. Store it elsewhere and return where it is.`,
  );

/** The first `limit` bytes and the true size; undefined when the file does not exist or is no regular file. */
export const readUpTo = (file: string, limit: number): { bytes: Buffer; size: number } | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const status = fstatSync(fd);
    if (!status.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(status.size, limit));
    let read = 0;
    for (let got = 1; got > 0 && read < bytes.length; read += got)
      got = readSync(fd, bytes, read, bytes.length - read, read);
    return { bytes: bytes.subarray(0, read), size: status.size };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};
