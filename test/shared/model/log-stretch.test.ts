import { describe, expect, test } from 'vitest';
import { type LogPage, logParts, logStretch } from '../../../shared/model/log-pages.ts';

const page = (start: number, text: string): LogPage => ({ attempt: 1, start, chars: text.length, text });
const parts = (...pages: LogPage[]) => logParts(pages, { attempt: 1, tail: undefined });
const starts = (stretch: ReturnType<typeof logStretch>) => stretch.parts.map((part) => [part.start, part.take]);

describe('a stretch of a log', () => {
  test('ends at the limit, in the middle of a page, and goes on from there', () => {
    const log = parts(page(0, 'abcd'), page(4, 'efgh'));
    const first = logStretch(log, 0, 6, false);
    expect([starts(first), first.offset, first.whole]).toEqual([
      [
        [0, 4],
        [4, 2],
      ],
      6,
      false,
    ]);
    const second = logStretch(log, first.offset, 6, false);
    expect([starts(second), second.offset, second.whole]).toEqual([[[6, 2]], 8, true]);
  });

  test('ends before a hole while the job runs, and passes over it once it is completed', () => {
    const log = parts(page(0, 'abcd'), page(6, 'gh'));
    expect(logStretch(log, 0, 100, false)).toMatchObject({ offset: 4, whole: false });
    expect(logStretch(log, 4, 100, false)).toMatchObject({ parts: [], offset: 4 });
    expect(logStretch(log, 0, 100, true)).toMatchObject({ offset: 8, whole: true });
  });

  test('is empty and whole behind the end', () => {
    expect(logStretch(parts(page(0, 'ab')), 9, 100, true)).toEqual({ parts: [], offset: 9, whole: true });
  });
});
