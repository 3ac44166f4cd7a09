import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTasksCommand,
  ECSClient,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clock } from '../../../../local/clock.ts';
import { EcsService, type TaskEvent } from '../../../../local/services/ecs/ecs-service.ts';
import { serveService } from '../../../support/serve-service.ts';

const ARN = 'arn:aws:ecs:us-east-1:000000000000';
const CLUSTER = `${ARN}:cluster/tests`;
const DEFINITION = `${ARN}:task-definition/tests:1`;
/** Says what it was given, then does as it is told. */
const PROGRAM = `
const { appendFileSync } = require('node:fs');
appendFileSync(process.env.TOLD, JSON.stringify(Object.keys(process.env).filter((name) => /AWS_|WORD/.test(name)).sort()) + '\\n');
if (process.env.WORD === 'stay') setInterval(() => undefined, 1000);
else process.exit(Number(process.env.WORD));
`;

const folder = mkdtempSync(join(tmpdir(), 'ecs-test-'));
let service: EcsService;
let server: Awaited<ReturnType<typeof serveService>>;
let ecs: ECSClient;
const events: TaskEvent[] = [];

beforeAll(async () => {
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app', 'task.js'), PROGRAM);
  const place = { accountId: '000000000000', region: 'us-east-1' };
  service = new EcsService({ stateDir: folder, place, clock: new Clock(), imagePath: process.env.PATH ?? '' });
  service.defineCluster(CLUSTER);
  service.defineTask({
    arn: DEFINITION,
    container: 'runner',
    codeDir: join(folder, 'app'),
    program: 'task.js',
    environment: {},
    memoryMb: 512,
    stopTimeoutSeconds: 1,
    executionRoleArn: 'arn:aws:iam::000000000000:role/x',
  });
  service.onEvent((event) => events.push(event));
  server = await serveService('ecs', service);
  ecs = new ECSClient(server.client);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const told = (): string => join(folder, 'told');
const input = (word: string, more: Partial<RunTaskCommandInput> = {}): RunTaskCommandInput => ({
  cluster: CLUSTER,
  taskDefinition: DEFINITION,
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], assignPublicIp: 'ENABLED' } },
  overrides: {
    containerOverrides: [
      {
        name: 'runner',
        environment: [
          { name: 'WORD', value: word },
          { name: 'TOLD', value: told() },
        ],
      },
    ],
  },
  startedBy: 'demo/job-1/1',
  ...more,
});
const run = async (word: string, more: Partial<RunTaskCommandInput> = {}): Promise<string> => {
  const { tasks, failures } = await ecs.send(new RunTaskCommand(input(word, more)));
  expect(failures).toEqual([]);
  return tasks?.[0]?.taskArn ?? '';
};
const stopped = async (arn: string): Promise<TaskEvent> => {
  for (let looks = 0; looks < 600; looks += 1) {
    const event = events.find(({ detail }) => detail.taskArn === arn && detail.lastStatus === 'STOPPED');
    if (event !== undefined) return event;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the task did not stop');
};

describe('a task', () => {
  it('is a process with the environment of its overrides and without credentials, whose end is an event', async () => {
    const event = await stopped(await run('3'));
    expect(event).toMatchObject({
      source: 'aws.ecs',
      'detail-type': 'ECS Task State Change',
      detail: { startedBy: 'demo/job-1/1', stopCode: 'EssentialContainerExited', containers: [{ exitCode: 3 }] },
    });
    expect(JSON.parse(readFileSync(told(), 'utf8'))).toEqual([
      'AWS_DEFAULT_REGION',
      'AWS_EXECUTION_ENV',
      'AWS_REGION',
      'WORD',
    ]);
  });

  it('is started once for one client token, and another request with it is refused', async () => {
    const first = await run('stay', { clientToken: 'one' });
    expect(await run('stay', { clientToken: 'one' })).toBe(first);
    const other = ecs.send(new RunTaskCommand(input('0', { clientToken: 'one' })));
    await expect(other).rejects.toMatchObject({ name: 'ConflictException' });
    expect(service.running().map(({ arn }) => arn)).toEqual([first]);
    await ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: first, reason: 'enough' }));
    expect(await stopped(first)).toMatchObject({ detail: { stopCode: 'UserInitiated', stoppedReason: 'enough' } });
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: [first] }));
    expect(tasks).toMatchObject([{ lastStatus: 'STOPPED', containers: [{ exitCode: 143 }] }]);
  });

  it('that is killed ends with 137', async () => {
    const arn = await run('stay');
    service.running()[0]?.kill();
    expect(await stopped(arn)).toMatchObject({ detail: { containers: [{ exitCode: 137 }] } });
  });
});

describe('a request is refused', () => {
  it.each([
    ['with more than 8,192 characters of overrides', input('x'.repeat(8_192)), 'InvalidParameterException'],
    ['without a network', { ...input('0'), networkConfiguration: undefined }, 'InvalidParameterException'],
    ['with a mark that ECS does not take', input('0', { startedBy: 'a b' }), 'InvalidParameterException'],
    ['for a cluster that is not there', input('0', { cluster: `${CLUSTER}2` }), 'ClusterNotFoundException'],
    ['for a definition that is not there', input('0', { taskDefinition: `${DEFINITION}2` }), 'ClientException'],
  ])('%s', async (_what, wrong, name) => {
    await expect(ecs.send(new RunTaskCommand(wrong))).rejects.toMatchObject({ name });
  });

  it('when it is an operation that is not built', async () => {
    const call = { service: 'ecs', method: 'POST', path: '/', query: new URLSearchParams(), body: Buffer.from('{}') };
    const headers = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.CreateService' };
    expect(() => service.operation({ ...call, headers })).toThrow('not built');
  });
});
