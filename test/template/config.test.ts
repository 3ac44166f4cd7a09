import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../infra/config.ts';
import { appOf } from './synthesized.ts';

const task = { name: 'long', tags: ['long'], lane: 'fargate' };
const NETWORK = { subnetIds: ['subnet-0a1b'], securityGroupIds: ['sg-0a1b'] };
const group = { name: 'default', tags: ['python3', 'bash', 'bun', 'dependency'] };

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(parseConfig(undefined)).toMatchObject({
      stage: 'dev',
      workerGroups: [{ ...group, maxConcurrency: 20, batchSize: 1, timeLimitSeconds: 840, memoryMb: 1024 }],
      data: 'destroy',
    });
  });

  it('gives a group on Fargate a day, a vCPU and 2 GB', () => {
    const [, long] = parseConfig({ workerGroups: [group, task] }).workerGroups;
    expect(long).toMatchObject({ timeLimitSeconds: 86_400, vcpu: 1, memoryMb: 2048, spot: false });
  });

  it('may be the text of `-c millrace=...`', () => {
    expect(parseConfig('{"stage":"prod","data":"retain"}')).toMatchObject({ stage: 'prod', data: 'retain' });
  });

  it('fails synth where more jobs can be started than the runner may run', () => {
    expect(() => appOf({ workerGroups: [{ ...group, runnerConcurrency: 100 }], waitConcurrency: 60 })).toThrow(
      'worker group "default": 150 jobs could be started at once ((4 tags x maxConcurrency 20 + priorityConcurrency 10) x batchSize 1 + ' +
        'waitConcurrency 60) but runnerConcurrency is 100. Raise runnerConcurrency or lower the others.',
    );
  });

  it('counts every message of a batch as a start', () => {
    const quick = {
      name: 'quick',
      tags: ['quick'],
      timeLimitSeconds: 60,
      batchSize: 10,
      maxConcurrency: 4,
      priorityConcurrency: 2,
    };
    expect(() => parseConfig({ workerGroups: [group, { ...quick, runnerConcurrency: 59 }] })).toThrow('60 jobs');
    expect(parseConfig({ workerGroups: [group, { ...quick, runnerConcurrency: 60 }] }).workerGroups).toHaveLength(2);
  });

  it.each([
    [{ workerGroups: [{ ...group, timeLimitSeconds: 841 }] }, 'timeLimitSeconds'],
    [{ workerGroups: [{ ...group, maxConcurrency: 1 }] }, 'maxConcurrency'],
    [{ workerGroups: [{ ...group, batchSize: 2, runnerConcurrency: 500 }] }, 'needs timeLimitSeconds of at most 60'],
    [{ workerGroups: [group, { name: 'other', tags: ['bash'] }] }, 'tag "bash" is served by two worker groups'],
    [{ workerGroups: [group, { name: 'default', tags: ['go'] }] }, 'worker group "default" twice'],
    [{ workerGroups: [{ ...group, lane: 'fargate' }] }, 'run_wait_result uses its runner'],
    [{ workerGroups: [group, { ...task, memoryMb: 1024 }] }, 'Fargate takes 2048 to 8192 in steps of 1024'],
    [{ workerGroups: [group, { ...task, vcpu: 3 }] }, 'vcpu'],
    [{ workerGroups: [group, { ...task, runnerConcurrency: 5 }] }, 'runnerConcurrency is not for the lane fargate'],
    [{ workerGroups: [group, { ...task, batchSize: 2 }] }, 'batchSize is 1 on Fargate'],
    [{ workerGroups: [{ ...group, spot: true }] }, 'spot is not for the lane lambda'],
    [{ workerGroups: [group], network: NETWORK }, 'network is for groups on the lane fargate'],
    [{ workerGroups: [group, task], network: { ...NETWORK, subnetIds: ['main'] } }, 'must be the id of a subnet'],
    [{ workerGroups: [] }, 'workerGroups'],
    [{ stage: 'Prod!' }, 'stage'],
    [{ alarmMail: 'a@example.com' }, 'alarmMail'],
  ])('refuses %j and names what is wrong', (config, words) => {
    expect(() => parseConfig(config)).toThrow(words);
  });
});
