import { describe, expect, it } from 'vitest';
import { asShown } from '../../../shared/model/deletion.ts';
import { settingsOf } from '../../../shared/model/run-settings.ts';
import { aJob } from '../../support/stores.ts';

const ended = aJob({
  id: 'ended',
  status: 'success',
  completed_at: 10_000,
  args: { at: 'inline', text: '{"secret":1}' },
  result: { at: 'object', key: 'jobs/demo/ended/result/x', bytes: 9_000 },
  log_tail: { start: 40, text: 'secret' },
});
const WIPED = {
  args: { at: 'inline', text: '{}' },
  result: { at: 'inline', text: '{}' },
  log_tail: { start: 0, text: '##DELETED##' },
  deleted: true,
};

describe('a job that is to be wiped', () => {
  it('is shown without arguments, result and log from that very moment on, and keeps the rest', () => {
    const job = { ...ended, delete_after_secs: 5 };
    expect(asShown(job, 14_999)).toBe(job);
    expect(asShown(job, 15_000)).toEqual({ ...job, ...WIPED });
    expect(asShown({ ...ended, delete_after_secs: 0 }, 10_000)).toMatchObject(WIPED);
  });

  it('is shown as it is while it runs, or when it did not ask', () => {
    const running = aJob({ id: 'running', status: 'running', delete_after_secs: 0 });
    expect(asShown(running, 1e12)).toBe(running);
    expect(asShown(ended, 1e12)).toBe(ended);
  });

  it('keeps what its next run still needs until that is made', () => {
    const owing = { ...ended, delete_after_secs: 0, followups: ['restart' as const, 'wipe' as const] };
    expect(asShown(owing, 20_000)).toBe(owing);
    expect(asShown({ ...owing, followups: ['wipe'] }, 20_000)).toMatchObject(WIPED);
  });

  it('may say so in the old words', () => {
    const job = { workspace: 'demo', path: 'f/demo/x', args: {}, cache_ttl: undefined };
    expect(settingsOf({ delete_after_use: true }, job)).toEqual({ delete_after_secs: 0 });
    expect(settingsOf({ delete_after_use: true, delete_after_secs: 9 }, job)).toEqual({ delete_after_secs: 9 });
    expect(settingsOf({ delete_after_use: false }, job)).toEqual({});
  });
});
