import { describe, expect, test } from 'vitest';
import { InstanceSettings, settingKey, settingValue, unsetValue } from '../../../shared/model/settings.ts';

const value = (name: string, given: never | unknown) => settingValue(settingKey(name), given as never);

describe('an instance setting', () => {
  test('that nobody knows is refused by its name', () => {
    expect(() => settingKey('retention')).toThrow('there is no instance setting retention');
    expect(() => settingKey('retention_revision')).toThrow('retention_revision');
    expect(() => settingKey('constructor')).toThrow('constructor');
  });

  test.each([
    ['retention_period_secs', -1, 'retention_period_secs: must be at least 0'],
    ['retention_period_secs', 1.5, 'retention_period_secs: must be a whole number of seconds'],
    ['retention_period_secs', 1e13, 'retention_period_secs: must be at most 3155760000'],
    ['retention_period_secs', '60', 'retention_period_secs: must be a whole number of seconds'],
    ['retention_period_secs_overrides', { demo: -5 }, 'retention_period_secs_overrides.demo: must be at least 0'],
    ['retention_period_secs_overrides', { 'not/an/id': 5 }, 'retention_period_secs_overrides.not/an/id'],
    ['retention_period_secs_overrides', [60], 'retention_period_secs_overrides: '],
    ['job_default_timeout', 0, 'job_default_timeout: must be at least 1'],
    ['timeout_wait_result', 0.5, 'timeout_wait_result: must be a whole number of seconds'],
    ['max_token_expiration_days', 1e9, 'max_token_expiration_days: must be at most 36500'],
    ['archive_completed_jobs', 'yes', 'archive_completed_jobs: must be true or false'],
    ['npmrc', 'x'.repeat(100_001), 'npmrc: must be at most 100000 characters'],
  ])('%s refuses %s and says where and why', (name, given, message) => {
    expect(() => value(name, given)).toThrow(message);
  });

  test('may differ in ten workspaces, not in eleven', () => {
    const periods = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`ws${n}`, 60]));
    expect(value('retention_period_secs_overrides', periods(10))).toEqual(periods(10));
    expect(() => value('retention_period_secs_overrides', periods(11))).toThrow('must name at most 10 workspaces');
  });

  test('null and 0 keep jobs for good; no value is the default of 30 days again', () => {
    expect(value('retention_period_secs', null)).toBe(0);
    expect(value('retention_period_secs_overrides', { demo: null })).toEqual({ demo: 0 });
    expect(value('retention_period_secs', undefined)).toBeUndefined();
    expect(value('job_default_timeout', null)).toBeUndefined();
    expect(unsetValue(settingKey('retention_period_secs'))).toBe(2_592_000);
    expect(InstanceSettings.parse({}).retention_period_secs).toBe(2_592_000);
  });

  test("of Windmill's that means nothing here is kept as it comes", () => {
    expect(value('smtp_settings', { host: 'mail', port: 25 })).toEqual({ host: 'mail', port: 25 });
    expect(settingKey('smtp_settings')).toEqual({ name: 'smtp_settings', meant: false, open: false });
  });
});
