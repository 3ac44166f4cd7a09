import { describe, expect, it } from 'vitest';
import { Synthesized } from './synthesized.ts';

const cloud = new Synthesized();
const alarms = [...cloud.all('AWS::CloudWatch::Alarm')];

describe('alarms', () => {
  it('watch dead letters, waiting jobs, failing functions, full groups and throttled tables', () => {
    expect(alarms.map(([id]) => id.replace(/Alarm[0-9A-F]{8}$/, ''))).toEqual([
      'DeadLetters',
      'ScheduleDeadLetters',
      'OldestMessagepython3',
      'OldestMessagebash',
      'OldestMessagebun',
      'OldestMessagedependency',
      'OldestMessagedefaultpriority',
      'DispatchdefaultErrors',
      'DispatchThrottlesdefault',
      'RunnerThrottlesdefault',
      'Http5xx',
      'WaitErrors',
      'StreamErrors',
      'ReaperErrors',
      'DeadletterErrors',
      'LostExpiries',
      'ReconcileErrors',
      'JobsThrottles',
      'CatalogThrottles',
    ]);
  });

  it.each(alarms)('%s says in one sentence what people notice', (_id, { Properties }) => {
    expect(Properties.AlarmDescription).toMatch(/^[A-Z][^.]{30,}\.$/);
  });

  it.each(alarms)('%s stays silent while nothing happens', (_id, { Properties }) => {
    expect(Properties.TreatMissingData).toBe('notBreaching');
  });

  it('ring nobody unless the configuration names somebody', () => {
    for (const [, { Properties }] of alarms) expect(Properties.AlarmActions).toBeUndefined();
    const heard = new Synthesized({ alarmEmail: 'ops@example.com' });
    for (const { Properties } of heard.all('AWS::CloudWatch::Alarm').values())
      expect(Properties.AlarmActions).toHaveLength(1);
  });
});
