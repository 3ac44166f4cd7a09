import { z } from 'zod';
import { parseSentJson } from '../model/json.ts';

/** `true` or `false`. */
export const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A whole number from `min` to `max`. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** An RFC 3339 time, in milliseconds since 1970. A space where `+` was sent unescaped is taken as the `+`. */
export const Time = z
  .string()
  .transform((text) => text.replace(/ (\d\d:\d\d)$/, '+$1'))
  .pipe(z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z' }))
  .transform((text) => Date.parse(text));

/** Page numbers start at 1; 0 is taken as 1, because clients send it. */
export const Page = wholeNumber(0, 10_000).transform((page) => Math.max(1, page));

/** Page sizes over 100 (clients send 100000) give 100. */
export const PerPage = wholeNumber(1, 1_000_000).transform((size) => Math.min(100, size));

/** JSON as text, such as the `args` filter of job lists. */
export const JsonText = z
  .string()
  .transform((text, context): unknown => {
    const json = parseSentJson(text);
    if (json.ok) return json.value;
    context.addIssue({ code: 'custom', message: `is not JSON that can be taken (${json.reason})` });
    return z.NEVER;
  })
  .pipe(z.json());
