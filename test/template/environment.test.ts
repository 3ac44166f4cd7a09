import { describe, expect, it } from 'vitest';
import { appOf } from './synthesized.ts';

const tags = (count: number): string[] => Array.from({ length: count }, (_, index) => `team-${index}-python3`);
const group = (count: number) => ({
  name: 'default',
  tags: tags(count),
  maxConcurrency: 2,
  runnerConcurrency: 400,
});

describe('the environment of functions', () => {
  it('has room for sixteen tags in each function', () => {
    expect(() => appOf({ workerGroups: [group(16)] }).app.synth()).not.toThrow();
  });

  it('that Lambda would refuse fails synth, with what takes most of it', () => {
    expect(() => appOf({ workerGroups: [group(60)] }).app.synth()).toThrow(
      /environment may take \d+ bytes and Lambda takes 3996 \(QUEUES \d+.*serve fewer tags/s,
    );
  });
});
