import { describe, expect, test } from 'vitest';
import { expiresAt, isExpired, restamp, retentionOf } from '../../../shared/model/retention.ts';

const DAY = 86_400;
const periods = { retention_period_secs: 30 * DAY, retention_period_secs_overrides: { short: 60, kept: 0 } };
const ended = (more: object = {}) => ({
  workspace: 'demo',
  status: 'success' as const,
  completed_at: 1_700_000_000_400,
  ...more,
});

describe('the retention of a completed job', () => {
  test('is its workspace’s own, or the instance’s', () => {
    expect(['demo', 'short', 'kept'].map((workspace) => retentionOf(periods, workspace))).toEqual([30 * DAY, 60, 0]);
  });

  test('ends a whole period after the job did, in full seconds, never a moment before', () => {
    expect(expiresAt(ended(), 1_700_000_000_400, periods)).toBe(1_700_000_001 + 30 * DAY);
    expect(expiresAt(ended({ workspace: 'short' }), 1_700_000_000_000, periods)).toBe(1_700_000_060);
  });

  test('has no end where there is no limit', () => {
    expect(expiresAt(ended({ workspace: 'kept' }), 1_700_000_000_000, periods)).toBeUndefined();
    expect(isExpired({ expires: undefined }, 9e15)).toBe(false);
  });

  test('is its flow’s for a step, and its own for a job that only names a parent', () => {
    expect(expiresAt(ended({ flow_step_id: 'a' }), 1_700_000_000_000, periods)).toBeUndefined();
    expect(expiresAt(ended({ parent_job: 'somebody', root_job: 'somebody' }), 1_700_000_000_000, periods)).toBe(
      1_700_000_000 + 30 * DAY,
    );
  });

  test('is over at its second', () => {
    expect(isExpired({ expires: 1_000 }, 999_999)).toBe(false);
    expect(isExpired({ expires: 1_000 }, 1_000_000)).toBe(true);
  });
});

describe('a changed period', () => {
  const now = 1_700_000_100_000;

  test('gives completed jobs another end, or none any more', () => {
    expect(restamp(ended({ workspace: 'short', expires: 1_702_592_001 }), periods, now)).toEqual({ to: 1_700_000_061 });
    expect(restamp(ended({ workspace: 'kept', expires: 1_702_592_001 }), periods, now)).toEqual({ to: undefined });
    expect(restamp(ended(), periods, now)).toEqual({ to: 1_700_000_001 + 30 * DAY });
  });

  test('writes nothing where the end is right already, and leaves live jobs alone', () => {
    expect(restamp(ended({ expires: 1_700_000_001 + 30 * DAY }), periods, now)).toBe('as-it-is');
    expect(restamp(ended({ workspace: 'kept' }), periods, now)).toBe('as-it-is');
    expect(restamp({ workspace: 'short', status: 'running' }, periods, now)).toBe('as-it-is');
    expect(restamp({ workspace: 'short', status: 'queued' }, periods, now)).toBe('as-it-is');
  });

  test('names no end that DynamoDB would find too old to delete', () => {
    const old = ended({ completed_at: 1_000_000_000_000, workspace: 'short' });
    const change = restamp(old, periods, now);
    expect(change).toEqual({ to: now / 1000 - 4 * 365 * DAY });
  });
});
