import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../infra/config.ts';
import { appOf } from './synthesized.ts';

const group = { name: 'default', tags: ['python3', 'bash', 'bun'] };

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(parseConfig(undefined)).toMatchObject({
      stage: 'dev',
      workerGroups: [{ ...group, maxConcurrency: 20, batchSize: 1, timeLimitSeconds: 840, memoryMb: 1024 }],
      data: 'destroy',
    });
  });

  it('may be the text of `-c millrace=...`', () => {
    expect(parseConfig('{"stage":"prod","data":"retain"}')).toMatchObject({ stage: 'prod', data: 'retain' });
  });

  it('fails synth where more jobs can be started than the runner may run', () => {
    expect(() => appOf({ workerGroups: [{ ...group, runnerConcurrency: 100 }], waitConcurrency: 60 })).toThrow(
      'worker group "default": 130 jobs could be started at once ((3 tags x maxConcurrency 20 + priorityConcurrency 10) x batchSize 1 + ' +
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
    [{ workerGroups: [] }, 'workerGroups'],
    [{ stage: 'Prod!' }, 'stage'],
    [{ alarmMail: 'a@example.com' }, 'alarmMail'],
  ])('refuses %j and names what is wrong', (config, words) => {
    expect(() => parseConfig(config)).toThrow(words);
  });
});
