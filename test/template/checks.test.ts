import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { addChecks } from '../../infra/checks.ts';
import { ACCEPTED_FINDINGS } from '../../infra/nag-reasons.ts';
import { appOf } from './synthesized.ts';

/** Every kind of thing the configuration can bring, so that a finding cannot hide in an option. */
const everything = {
  alarmEmail: 'ops@example.com',
  originSecret: { generation: 2, acceptPrevious: true },
  workerGroups: [
    { name: 'default', tags: ['python3', 'bash', 'bun'] },
    { name: 'big', tags: ['big'], memoryMb: 8192 },
    { name: 'long', tags: ['long'], lane: 'fargate' },
  ],
};

beforeAll(() => {
  // The report of a failing synth is for people.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe('cdk-nag', () => {
  it('finds nothing in any option that has no written reason, and every reason is needed', { timeout: 60_000 }, () => {
    const { app, stackPrefix } = appOf(everything, true);
    const checks = addChecks(app, stackPrefix);
    app.synth();
    expect(ACCEPTED_FINDINGS.filter((accepted) => !checks.used.has(accepted))).toEqual([]);
  });

  it('fails synth on a new finding', () => {
    const { app, stackPrefix, stacks } = appOf();
    new CfnQueue(stacks[1]!, 'Open', {});
    addChecks(app, stackPrefix);
    expect(() => app.synth()).toThrow('AwsSolutions-SQS3');
  });

  it('fails synth on what cdk-nag only warns of', () => {
    const { app, stackPrefix, stacks } = appOf();
    new CfnTable(stacks[0]!, 'Forgetful', { keySchema: [{ attributeName: 'pk', keyType: 'HASH' }] });
    addChecks(app, stackPrefix);
    expect(() => app.synth()).toThrow('AwsSolutions-DDB3');
  });
});

describe('reasons', () => {
  it.each(ACCEPTED_FINDINGS)('$rule is explained in whole sentences', ({ reason }) => {
    expect(reason.length).toBeGreaterThan(60);
    expect(reason).toMatch(/\.$/);
  });
});
