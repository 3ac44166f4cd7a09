import { describe, expect, test } from 'vitest';
import { cronFault, nextTicks } from '../../../shared/model/cron.ts';
import {
  EditSchedule,
  editedSchedule,
  NewSchedule,
  newSchedule,
  switchedSchedule,
  tickAfter,
} from '../../../shared/model/schedule.ts';

const ticks = (schedule: string, timezone: string, after: string, count: number, cron_version?: string): string[] =>
  nextTicks({ schedule, timezone, cron_version }, Date.parse(after), count).map((tick) =>
    new Date(tick).toISOString().replace(':00.000Z', 'Z'),
  );
const berlin = (schedule: string, after: string, count: number): string[] =>
  ticks(schedule, 'Europe/Berlin', after, count);

describe('ticks', () => {
  test('come after the time asked for, never at it', () => {
    expect(ticks('0 0 12 * * *', 'UTC', '2026-05-01T12:00:00Z', 2)).toEqual(['2026-05-02T12:00Z', '2026-05-03T12:00Z']);
  });

  test('may come every second', () => {
    const [first, second] = nextTicks({ schedule: '* * * * * *', timezone: 'UTC' }, 1_000, 2);
    expect([first, second]).toEqual([2_000, 3_000]);
  });

  test('are those of the zone', () => {
    expect(ticks('0 0 9 * * *', 'Asia/Kolkata', '2026-05-01T00:00:00Z', 1)).toEqual(['2026-05-01T03:30Z']);
  });

  test('in the gap of a clock change come at its end, once, and on the next day at their own time', () => {
    expect(berlin('0 30 2 * * *', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ]);
    expect(berlin('0 30 2 * * *', '2026-03-29T01:00:00Z', 1)).toEqual(['2026-03-30T00:30Z']);
  });

  test('in the hour that a clock change repeats come once', () => {
    expect(berlin('0 30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    expect(berlin('0 30 2 * * *', '2026-10-25T00:30:00Z', 1)).toEqual(['2026-10-26T01:30Z']);
  });

  test('of every half hour go on through both clock changes', () => {
    expect(berlin('0 */30 * * * *', '2026-03-29T00:00:00Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
    expect(berlin('0 */30 * * * *', '2026-10-24T23:45:00Z', 5)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
      '2026-10-25T02:00Z',
    ]);
  });

  test('know leap days and last days', () => {
    expect(ticks('0 0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2028-02-29T00:00Z', '2032-02-29T00:00Z']);
    expect(ticks('0 0 0 L 2 *', 'UTC', '2027-01-01T00:00:00Z', 2)).toEqual(['2027-02-28T00:00Z', '2028-02-29T00:00Z']);
  });

  test('want both day fields to fit', () => {
    expect(ticks('0 0 12 13 * 5', 'UTC', '2026-03-29T00:00:00Z', 1)).toEqual(['2026-11-13T12:00Z']);
  });

  test('count weekdays from Sunday = 0, and from Sunday = 1 in the first version of crons', () => {
    expect(ticks('0 0 12 * * 1', 'UTC', '2026-03-27T00:00:00Z', 1)).toEqual(['2026-03-30T12:00Z']);
    expect(ticks('0 0 12 * * 1', 'UTC', '2026-03-27T00:00:00Z', 1, 'v1')).toEqual(['2026-03-29T12:00Z']);
    expect(ticks('0 0 12 * * MON', 'UTC', '2026-03-27T00:00:00Z', 1, 'v1')).toEqual(['2026-03-30T12:00Z']);
  });
});

describe('a rule that cannot be followed says why', () => {
  test.each([
    ['0 0 0 31 2 *', 'UTC', 'schedule', /never comes/],
    ['0 0 0 30 2 1', 'UTC', 'schedule', /never comes/],
    ['0 0 12 * *', 'UTC', 'schedule', /has 5 fields.*seconds first/],
    ['@daily', 'UTC', 'schedule', /has 1 fields/],
    ['2026-04-01T00:00:00', 'UTC', 'schedule', /fields/],
    ['', 'UTC', 'schedule', /fields/],
    ['0 0 25 * * *', 'UTC', 'schedule', /25/],
    ['0 0 x * * *', 'UTC', 'schedule', /six fields/],
    ['0 0 12 * * *', 'Europe/Nowhere', 'timezone', /Europe\/Nowhere/],
    ['0 0 12 * * *', '', 'timezone', /IANA/],
    ['0 0 12 * * *', '+02:00', 'timezone', /IANA/],
  ])('%s in %s', (schedule, timezone, field, message) => {
    expect(cronFault({ schedule, timezone })).toMatchObject({ field, message: expect.stringMatching(message) });
  });

  test('and one that can has no fault', () => {
    for (const schedule of ['0 0 12 * * *', ' */5 * * * * * ', '0 0/15 8-18 ? * MON-FRI', '0 0 0 1 JAN *'])
      expect(cronFault({ schedule, timezone: 'America/New_York' })).toBeUndefined();
  });
});

const SENT = {
  path: 'f/demo/daily',
  script_path: 'f/demo/x',
  is_flow: false,
  schedule: '0 0 12 * * *',
  timezone: 'UTC',
};
const NOON = Date.parse('2026-05-01T12:00:00Z');
const SAVED = { permissioned_as: 'u/ann', email: 'ann@x.io', by: 'ann', now: NOON };
const aSchedule = (more: object = {}) => newSchedule(NewSchedule.parse({ ...SENT, enabled: true, ...more }), SAVED);

describe('a schedule', () => {
  test.each([
    [{ is_flow: true }, /flows cannot be scheduled yet/],
    [{ schedule: '0 0 0 31 2 *' }, /never comes/],
    [{ timezone: 'Mars/Base' }, /Mars\/Base/],
    [{ on_failure: 'flow/f/a/b' }, /only scripts/],
    [{ on_failure: 'script/nowhere' }, /script\/f\/folder\/name/],
    [{ retry: { constant: { attempts: 3_000, seconds: 1 } } }, /attempts/],
    [{ dynamic_skip: 'f/a/b' }, /not supported yet/],
    [{ paused_until: 'tomorrow' }, /RFC 3339/],
    [{ path: 'x' }, /f\/folder\/name/],
    [{ args: { text: 'x'.repeat(200_001) } }, /longer than/],
  ])('is refused with %o', (more, message) => {
    expect(() => NewSchedule.parse({ ...SENT, ...more })).toThrow(message);
  });

  test('takes what clients send that means nothing', () => {
    const retry = { constant: { attempts: 0, seconds: 0 }, exponential: { attempts: 0, multiplier: 2, seconds: 1 } };
    const body = { ...SENT, retry, dynamic_skip: '', on_failure: null, on_recovery: '', args: null, enabled: null };
    expect(newSchedule(NewSchedule.parse(body), SAVED)).toMatchObject({ enabled: false, args: '{}' });
  });

  test('ticks by its rule, but not while it is paused', async () => {
    const schedule = aSchedule();
    expect((await tickAfter('demo', schedule, NOON))?.at).toBe(NOON + 86_400_000);
    const paused = aSchedule({ paused_until: '2026-06-01T12:00:00Z' });
    expect(new Date((await tickAfter('demo', paused, NOON))?.at ?? 0).toISOString()).toBe('2026-06-01T12:00:00.000Z');
  });

  test('names a tick by schedule, revision and time', async () => {
    const schedule = aSchedule();
    const tick = await tickAfter('demo', schedule, NOON);
    expect(tick?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await tickAfter('demo', schedule, NOON + 5))?.id).toBe(tick?.id);
    const others = await Promise.all([
      tickAfter('other', schedule, NOON),
      tickAfter('demo', { ...schedule, path: 'f/demo/other' }, NOON),
      tickAfter('demo', switchedSchedule(schedule, true, NOON), NOON),
      tickAfter('demo', schedule, NOON + 86_400_000),
      // The tick ran before its time: it comes again, as another job.
      tickAfter('demo', { ...schedule, ...(tick === undefined ? {} : { tick }) }, NOON),
    ]);
    expect(new Set([tick?.id, ...others.map((other) => other?.id)]).size).toBe(6);
  });

  test('gets a new revision by every change, even within one millisecond, and loses its tick and error', () => {
    const schedule = { ...aSchedule(), tick: { id: 'a', at: 1, set_at: 0 }, error: 'gone' };
    const edited = editedSchedule(schedule, EditSchedule.parse({ ...SENT, schedule: '0 0 13 * * *' }), SAVED);
    expect(edited.revision).toBeGreaterThan(schedule.revision);
    expect(edited).not.toHaveProperty('tick');
    expect(edited).not.toHaveProperty('error');
    expect(edited).toMatchObject({ schedule: '0 0 13 * * *', enabled: true, script_path: 'f/demo/x', path: SENT.path });
    expect(switchedSchedule(edited, false, NOON).revision).toBeGreaterThan(edited.revision);
  });
});
