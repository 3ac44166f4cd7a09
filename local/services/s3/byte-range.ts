import { AwsError } from '../aws-error.ts';
import type { Span } from './object-files.ts';

/**
 * Reads a Range header for an object of `size` bytes: `bytes=a-b`, `bytes=a-` or the last n as `bytes=-n`. Undefined
 * means the whole object, also for a header S3 does not understand; 416 when the range starts behind the end.
 */
export const byteRange = (header: string | undefined, size: number): Span | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size) throw new AwsError('InvalidRange', 416, 'The requested range is not satisfiable');
  return start > end ? undefined : { start, end };
};
