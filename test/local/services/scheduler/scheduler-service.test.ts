import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TargetCall } from '../../../../local/services/scheduler/delivery.ts';
import { SchedulerService } from '../../../../local/services/scheduler/scheduler-service.ts';
import { serveService } from '../../../support/serve-service.ts';

const start0 = Date.UTC(2026, 10, 24, 10);
const target = {
  Arn: 'arn:aws:sqs:us-east-1:000000000000:bash',
  RoleArn: 'arn:aws:iam::000000000000:role/r',
  Input: '{"id":1}',
};
const deadLetterArn = 'arn:aws:sqs:us-east-1:000000000000:dead';

let folder: string;
let clock: number;
let delivered: TargetCall[];
let failing: string[];
let lost: string[];
let pauses: number[];
let service: SchedulerService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: SchedulerClient;

const start = async () => {
  service = new SchedulerService({
    file: join(folder, 'scheduler.db'),
    place: { accountId: '000000000000', region: 'us-east-1' },
    now: () => clock,
    deliver: async (call) => {
      if (failing.includes(call.arn)) throw new Error('refused');
      delivered.push(call);
    },
    wait: async (ms) => void pauses.push(ms),
    onLost: (arn) => lost.push(arn),
  });
  service.createGroup('jobs');
  server = await serveService('scheduler', service);
  client = new SchedulerClient(server.client);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scheduler-'));
  clock = start0;
  [delivered, failing, lost, pauses] = [[], [], [], []];
  await start();
});

afterEach(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

const input = (more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
  Name: 'one',
  GroupName: 'jobs',
  ScheduleExpression: 'at(2026-11-24T10:05:00)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  ActionAfterCompletion: 'DELETE',
  Target: target,
  ...more,
});
const create = (more: Partial<CreateScheduleCommandInput> = {}) => client.send(new CreateScheduleCommand(input(more)));
const get = (Name = 'one') => client.send(new GetScheduleCommand({ Name, GroupName: 'jobs' }));
const stepTo = async (ms: number) => {
  clock = start0 + ms;
  await service.step(clock);
};
const minutes = (count: number): number => count * 60_000;

describe('a one-shot schedule', () => {
  test('fires once at its time and is then gone', async () => {
    await create();
    await stepTo(minutes(5) - 1);
    expect(delivered).toEqual([]);
    await stepTo(minutes(5));
    await stepTo(minutes(6));
    expect(delivered).toEqual([
      {
        arn: target.Arn,
        roleArn: target.RoleArn,
        input: '{"id":1}',
        sqsParameters: undefined,
        deadLetterArn: undefined,
      },
    ]);
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('stays, without firing again, unless it says DELETE', async () => {
    await create({ ActionAfterCompletion: 'NONE' });
    await stepTo(minutes(5));
    await stepTo(minutes(50));
    expect(delivered).toHaveLength(1);
    expect((await get()).State).toBe('ENABLED');
  });

  test('that came due while the cloud was down fires after the restart', async () => {
    await create();
    await server.close();
    clock += minutes(30);
    await start();
    await service.step(clock);
    expect(delivered).toHaveLength(1);
  });

  test('that is deleted or disabled in time does not fire', async () => {
    await create();
    await create({ Name: 'two' });
    await client.send(new DeleteScheduleCommand({ Name: 'one', GroupName: 'jobs' }));
    await client.send(new UpdateScheduleCommand({ ...input({ Name: 'two' }), State: 'DISABLED' }));
    await stepTo(minutes(10));
    expect(delivered).toEqual([]);
  });
});

describe('a recurring schedule', () => {
  test('of rate(1 minute) fires at start-up and then every minute', async () => {
    service.createSchedule({ ...template, ScheduleExpression: 'rate(1 minute)' });
    await stepTo(0);
    await stepTo(minutes(1) - 1);
    expect(delivered).toHaveLength(1);
    await stepTo(minutes(1));
    await stepTo(minutes(5));
    expect(delivered).toHaveLength(3);
  });

  test('ends after its EndDate, and is then gone when it says DELETE', async () => {
    await create({ ScheduleExpression: 'rate(1 minute)', EndDate: new Date(start0 + minutes(1)) });
    for (const minute of [0, 1, 2, 3]) await stepTo(minutes(minute));
    expect(delivered).toHaveLength(2);
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('fills in the words of its input, or sends the scheduled event', async () => {
    const Input = '{"at":"<aws.scheduler.scheduled-time>","try":<aws.scheduler.attempt-number>}';
    service.createSchedule({ ...template, Target: { ...target, Input } });
    service.createSchedule({ ...template, Name: 'plain', Target: { Arn: target.Arn, RoleArn: target.RoleArn } });
    await stepTo(0);
    const inputs = delivered.map((call) => JSON.parse(call.input));
    expect(inputs).toContainEqual({ at: '2026-11-24T10:00:00Z', try: 1 });
    expect(inputs).toContainEqual(
      expect.objectContaining({ source: 'aws.scheduler', 'detail-type': 'Scheduled Event' }),
    );
  });

  test('is made by the clock once started', async () => {
    service.createSchedule(template);
    service.start();
    await expect.poll(() => delivered.length, { timeout: 1000 }).toBe(1);
  });
});

const template = {
  Name: 'template',
  GroupName: 'jobs',
  ScheduleExpression: 'rate(1 minute)',
  FlexibleTimeWindow: { Mode: 'OFF' as const },
  Target: target,
};

describe('a target that refuses', () => {
  test('is tried again with growing pauses, then the dead-letter queue gets the input', async () => {
    failing = [target.Arn];
    await create({ Target: { ...target, DeadLetterConfig: { Arn: deadLetterArn } } });
    await stepTo(minutes(5));
    expect(pauses).toEqual([250, 500, 1000, 2000]);
    expect(delivered.map((call) => [call.arn, call.input])).toEqual([[deadLetterArn, '{"id":1}']]);
    expect(lost).toEqual([]);
  });

  test('is not tried again when the schedule says so, and a run without dead-letter queue is reported', async () => {
    failing = [target.Arn];
    await create({ Target: { ...target, RetryPolicy: { MaximumRetryAttempts: 0 } } });
    await stepTo(minutes(5));
    expect(pauses).toEqual([]);
    expect(lost).toEqual(['arn:aws:scheduler:us-east-1:000000000000:schedule/jobs/one']);
  });
});

describe('the API', () => {
  test('creates a name once; the same ClientToken again is the same schedule', async () => {
    const { ScheduleArn } = await create({ ClientToken: 't1' });
    expect((await create({ ClientToken: 't1' })).ScheduleArn).toBe(ScheduleArn);
    await expect(create({ ClientToken: 't2' })).rejects.toMatchObject({ name: 'ConflictException' });
    await expect(create({ ClientToken: 't1', Target: { ...target, Input: 'other' } })).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  test('gives back what was stored, and what an update made of it', async () => {
    await create({
      ScheduleExpressionTimezone: 'Europe/Berlin',
      ScheduleExpression: 'cron(0 9 * * ? *)',
      StartDate: new Date(start0 + 1000),
    });
    expect(await get()).toMatchObject({
      ScheduleExpressionTimezone: 'Europe/Berlin',
      StartDate: new Date(start0 + 1000),
      CreationDate: new Date(start0),
      Target: target,
    });
    await client.send(new UpdateScheduleCommand(input({ ScheduleExpression: 'rate(2 hours)' })));
    expect(await get()).toMatchObject({ ScheduleExpression: 'rate(2 hours)', ScheduleExpressionTimezone: 'UTC' });
  });

  test('lists by group and prefix, in pages', async () => {
    for (const Name of ['a1', 'a2', 'a3', 'b1']) await create({ Name });
    const list = (more: object) =>
      client.send(new ListSchedulesCommand({ GroupName: 'jobs', NamePrefix: 'a', ...more }));
    const first = await list({ MaxResults: 2 });
    expect(first.Schedules?.map((schedule) => schedule.Name)).toEqual(['a1', 'a2']);
    const second = await list({ MaxResults: 2, NextToken: first.NextToken });
    expect([second.Schedules?.map((schedule) => schedule.Name), second.NextToken]).toEqual([['a3'], undefined]);
    expect((await client.send(new ListSchedulesCommand({ GroupName: 'default' }))).Schedules).toEqual([]);
  });

  test('deletes a group with its schedules', async () => {
    await client.send(new CreateScheduleGroupCommand({ Name: 'other' }));
    await create({ GroupName: 'other' });
    await client.send(new DeleteScheduleGroupCommand({ Name: 'other' }));
    await stepTo(minutes(5));
    expect(delivered).toEqual([]);
  });

  test('refuses an unknown group, zone, window, or a schedule that is over', async () => {
    await expect(create({ GroupName: 'none' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const ValidationException = { name: 'ValidationException' };
    await expect(create({ ScheduleExpressionTimezone: 'Mars/Base' })).rejects.toMatchObject(ValidationException);
    await expect(create({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } })).rejects.toMatchObject(ValidationException);
    await expect(create({ ScheduleExpression: 'cron(x)' })).rejects.toMatchObject(ValidationException);
    await expect(create({ EndDate: new Date(start0 - 1) })).rejects.toMatchObject(ValidationException);
  });

  test('asks IAM for the schedule and for passing the role', () => {
    const call = {
      service: 'scheduler',
      method: 'POST',
      path: '/schedules/one',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(JSON.stringify(input())),
    };
    expect(service.permissions(call)).toEqual([
      { action: 'scheduler:CreateSchedule', resource: 'arn:aws:scheduler:us-east-1:000000000000:schedule/jobs/one' },
      {
        action: 'iam:PassRole',
        resource: target.RoleArn,
        context: { 'iam:PassedToService': ['scheduler.amazonaws.com'] },
      },
    ]);
  });
});
