import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogPage, logLength, logParts, partsFrom } from '../../../shared/model/log-pages.ts';

/** Text of a log by the naive rule: what each attempt wrote, older attempts cut where a newer one starts. */
const textOf = (parts: ReturnType<typeof logParts>): string =>
  parts.map(({ page, skip, take }) => [...(page.text ?? '')].slice(skip, skip + take).join('')).join('');

const page = (attempt: number, start: number, text: string): LogPage => ({
  attempt,
  start,
  chars: [...text].length,
  text,
});

describe('the parts of a log', () => {
  it('say each character once when pages were covered by a larger one that a crash left them beside', () => {
    const pages = [page(1, 0, 'abcdefgh'), page(1, 3, 'def'), page(1, 6, 'gh')];
    expect(textOf(logParts(pages, { attempt: 1, tail: { start: 8, text: 'ij' } }))).toBe('abcdefghij');
  });

  it('drop what an attempt wrote after it had lost its job', () => {
    const pages = [page(1, 0, 'first'), page(1, 5, 'LATE'), page(2, 5, 'second')];
    expect(textOf(logParts(pages, { attempt: 2, tail: undefined }))).toBe('firstsecond');
  });

  it('make up any log, from any offset, however it was cut into pages and covers', () => {
    const cuts = fc.array(fc.nat(40), { maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), cuts, cuts, fc.nat(45), (text, at, covers, from) => {
        const chars = [...text];
        const bounds = [...new Set([0, ...at.filter((cut) => cut < chars.length)])].sort((a, b) => a - b);
        const pages = bounds.map((start, n) => page(1, start, chars.slice(start, bounds[n + 1]).join('')));
        // A cover replaces the page at its start and reaches to the end of a later one.
        for (const cover of covers) {
          const first = bounds[cover % bounds.length] ?? 0;
          const end = bounds.find((bound) => bound > first + (cover % 7)) ?? chars.length;
          const index = pages.findIndex(({ start }) => start === first);
          const longer = page(1, first, chars.slice(first, end).join(''));
          if (longer.chars > (pages[index]?.chars ?? 0)) pages[index] = longer;
        }
        const parts = logParts(pages, { attempt: 1, tail: undefined });
        expect(textOf(parts)).toBe(text);
        expect(logLength(parts)).toBe(chars.length);
        expect(textOf(partsFrom(parts, from))).toBe(chars.slice(from).join(''));
      }),
    );
  });
});
