import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobReads } from '../../../shared/aws/job-reads.ts';
import { DynamoJobStore } from '../../../shared/aws/job-store.ts';
import { cancelJob } from '../../../shared/jobs/cancel-job.ts';
import { finishJob } from '../../../shared/jobs/finish-job.ts';
import { releaseLost } from '../../../shared/jobs/release-job.ts';
import type { Job } from '../../../shared/model/job.ts';
import { InstanceSettings } from '../../../shared/model/settings.ts';
import { lambdaOnly } from '../../support/lambda-only.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const settings = {
  read: async () => InstanceSettings.parse({ retention_period_secs_overrides: { brief: 60, kept: 0 } }),
};
const running = async (id: string, more: Partial<Job> = {}): Promise<Job> => {
  const job = aJob({ id, workspace: 'brief', ...more });
  await stores.jobs.create(job);
  const claim = await stores.jobs.claim(job, { worker: 'wk-a', now: 2_000, op: 'claim:a' });
  if (!claim.claimed) throw new Error('not claimed');
  return claim.job;
};
const success = { status: 'success', result: '42' } as const;
const queue = {
  ...lambdaOnly,
  serves: () => true,
  send: async () => undefined,
  forget: async () => undefined,
  backlog: async () => 0,
};
const at = (now: number) => new DynamoJobStore(stores.db, 'jobs', () => now);

describe('the end of a job', () => {
  it('stamps its time to live by the same write, whoever writes it', async () => {
    const deps = { ...stores, settings, queue };
    const now = 5_000_000;
    await finishJob(deps, await running('finished'), success, { op: 'end', now });
    await finishJob(deps, await running('kept', { workspace: 'kept' }), success, { op: 'end', now });
    await finishJob(deps, await running('usual', { workspace: 'demo' }), success, { op: 'end', now });
    await releaseLost(deps, { ...(await running('lost')), tries: 4 }, { op: 'reap', now });
    const waiting = aJob({ id: 'canceled', workspace: 'brief' });
    await stores.jobs.create(waiting);
    await cancelJob(deps, waiting, { by: { by: 'ann', reason: undefined }, op: 'cancel', now });
    const ends = await Promise.all(
      [
        ['brief', 'finished'],
        ['kept', 'kept'],
        ['demo', 'usual'],
        ['brief', 'lost'],
        ['brief', 'canceled'],
      ].map(async ([workspace = '', id = '']) => (await at(now).get({ workspace, id }))?.expires),
    );
    expect(ends).toEqual([5_060, undefined, 5_000 + 2_592_000, 5_060, 5_060]);
  });

  it('gives live jobs none', async () => {
    expect((await stores.jobs.get(await running('alive')))?.expires).toBeUndefined();
  });
});

describe('an expired job', () => {
  it('is gone from reads by id and from lists at its second, though its item is still there', async () => {
    const job = await running('expiring', { workspace: 'brief', created_at: 4_000_000 });
    await finishJob({ ...stores, settings }, job, success, { op: 'end', now: 5_000_000 });
    const listed = async (now: number) =>
      (
        await new JobReads(stores.db, 'jobs', () => now).list('brief', {
          filter: {},
          by: 'creation',
          page: 1,
          perPage: 10,
          oldestFirst: false,
        })
      ).some(({ id }) => id === job.id);
    expect([await at(5_059_999).get(job).then(Boolean), await listed(5_059_999)]).toEqual([true, true]);
    expect([await at(5_060_000).get(job).then(Boolean), await listed(5_060_000)]).toEqual([false, false]);
    expect(await at(5_059_999).get(job)).toMatchObject({ id: 'expiring' });
  });
});
