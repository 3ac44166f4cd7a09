import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../../../local/services/scheduler/expression.ts';

const at = (iso: string): number => Date.parse(iso);
const runs = (expression: string, from: string, count: number, timezone = 'UTC'): string[] => {
  const parsed = parseExpression(expression, timezone);
  const found: string[] = [];
  let time = parsed.first(at(from));
  while (time !== undefined && found.length < count) {
    found.push(new Date(time).toISOString().slice(0, 16));
    time = parsed.next(time, time);
  }
  return found;
};

test('at() runs once, at its time in its zone', () => {
  expect(runs('at(2026-11-24T10:00:00)', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-11-24T10:00']);
  expect(runs('at(2026-11-24T10:00:00)', '2026-12-01T00:00:00Z', 2, 'Europe/Berlin')).toEqual(['2026-11-24T09:00']);
});

test('rate() runs at once and then every period, skipping what was missed', () => {
  expect(runs('rate(5 minutes)', '2026-11-24T10:00:00Z', 3)).toEqual([
    '2026-11-24T10:00',
    '2026-11-24T10:05',
    '2026-11-24T10:10',
  ]);
  const minute = parseExpression('rate(1 minute)', 'UTC');
  expect(minute.next(at('2026-11-24T10:00:00Z'), at('2026-11-24T10:07:30Z'))).toBe(at('2026-11-24T10:08:00Z'));
});

describe('cron()', () => {
  test('counts weekdays from Sunday as 1 and knows names, L, W, # and years', () => {
    expect(runs('cron(0 9 ? * 2 *)', '2026-11-24T00:00:00Z', 1)).toEqual(['2026-11-30T09:00']);
    expect(runs('cron(0 9 ? * MON-FRI *)', '2026-11-27T10:00:00Z', 1)).toEqual(['2026-11-30T09:00']);
    expect(runs('cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-28T00:00']);
    expect(runs('cron(0 0 15W 11 ? *)', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-11-16T00:00']);
    expect(runs('cron(0 0 ? * 6#3 *)', '2026-11-01T00:00:00Z', 1)).toEqual(['2026-11-20T00:00']);
    expect(runs('cron(0 12 1 1 ? 2027)', '2026-11-24T00:00:00Z', 2)).toEqual(['2027-01-01T12:00']);
    expect(runs('cron(0/15 * * * ? *)', '2026-11-24T10:01:00Z', 2)).toEqual(['2026-11-24T10:15', '2026-11-24T10:30']);
  });

  test('skips a time that the clock change leaves out and runs once in the hour that comes twice', () => {
    expect(runs('cron(30 2 * * ? *)', '2026-03-28T00:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
    ]);
    expect(runs('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });
});

test.each([
  'at(tomorrow)',
  'rate(0 minutes)',
  'rate(1 month)',
  'cron(* * * * * *)',
  'cron(0 9 ? * ? *)',
  'cron(0 9 * * ?)',
  'cron(61 9 * * ? *)',
  'every minute',
])('%s is refused', (expression) => {
  expect(() => parseExpression(expression, 'UTC')).toThrow(/Invalid Schedule Expression/);
});
