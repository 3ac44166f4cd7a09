import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimJob } from '../../../shared/jobs/claim-job.ts';
import { finishJob } from '../../../shared/jobs/finish-job.ts';
import { releaseLost } from '../../../shared/jobs/release-job.ts';
import { runFollowups } from '../../../shared/jobs/run-followups.ts';
import type { Job } from '../../../shared/model/job.ts';
import { lambdaOnly } from '../../support/lambda-only.ts';
import { aBeat, aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const queued = async (id: string, more: Partial<Job> = {}): Promise<Job> => {
  const job = aJob({ id, ...more });
  await stores.jobs.create(job);
  return job;
};
const claimed = async (id: string, more: Partial<Job> = {}): Promise<Job> => {
  const claim = await stores.jobs.claim(await queued(id, more), { worker: 'wk-a', now: 2_000, op: 'claim:a' });
  if (!claim.claimed) throw new Error('not claimed');
  return claim.job;
};
const success = { status: 'success', result: '42' } as const;

describe('a job item', () => {
  it('is made once: a second create answers the first, and the same op is no second', async () => {
    const job = await queued('made-once');
    expect(await stores.jobs.create(job)).toEqual({ created: true });
    const other = await stores.jobs.create({ ...job, op: 'create:2', tag: 'other' });
    expect(other).toMatchObject({ created: false, existing: { tag: 'python3' } });
  });

  it('has one winner of 16 claims, and each attempt a number of its own', async () => {
    const job = await queued('race');
    const claims = await Promise.all(
      Array.from({ length: 16 }, (_, n) => stores.jobs.claim(job, { worker: `wk-${n}`, now: 2_000, op: `claim:${n}` })),
    );
    expect(claims.filter((claim) => claim.claimed)).toHaveLength(1);
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'running', attempt: 1, tries: 1 });
  });

  it('is not claimed before its time', async () => {
    const job = await queued('early', { scheduled_for: 9_000 });
    const claim = await claimJob(stores, job, { worker: 'wk-a', now: 8_000, op: 'claim:a' });
    expect(claim).toMatchObject({ is: 'early', dueAt: 9_000 });
  });

  it('recognizes a claim whose answer was lost', async () => {
    const job = await claimed('lost-answer');
    const again = await claimJob(stores, job, { worker: 'wk-a', now: 2_001, op: 'claim:a' });
    expect(again).toMatchObject({ is: 'run', job: { attempt: 1 } });
  });

  it('is left to its holder while that may be alive, until when the message waits, and is lost when it is dead', async () => {
    const job = await claimed('holder');
    const claim = { worker: 'wk-b', op: 'claim:b' };
    expect(await claimJob(stores, job, { ...claim, now: 10_000 })).toMatchObject({ is: 'early', dueAt: 11_500 });
    await stores.workers.beat('wk-a', aBeat([], 60_000));
    expect(await claimJob(stores, job, { ...claim, now: 30_000 })).toMatchObject({ is: 'early', dueAt: 60_500 });
    expect(await claimJob(stores, job, { ...claim, now: 61_000 })).toMatchObject({ is: 'lost', job: { attempt: 1 } });
    await stores.workers.gone('wk-a');
  });

  it('ends once: the attempt that lost the job cannot write any more', async () => {
    const first = await claimed('fenced');
    expect(await releaseLost({ ...stores, queue: noQueue }, first, { op: 'reap', now: 3_000 })).toBe(true);
    const second = await stores.jobs.claim(first, { worker: 'wk-b', now: 4_000, op: 'claim:b' });
    expect(second).toMatchObject({ claimed: true, job: { attempt: 2, tries: 2 } });
    expect(await finishJob(stores, first, success, { op: 'end:a', now: 5_000 })).toBeUndefined();
    if (!second.claimed) throw new Error('not claimed');
    expect(await finishJob(stores, second.job, success, { op: 'end:b', now: 5_000 })).toMatchObject({
      status: 'success',
    });
    expect(
      await finishJob(stores, second.job, { ...success, result: '1' }, { op: 'end:c', now: 6_000 }),
    ).toBeUndefined();
    expect(await stores.jobs.get(first)).toMatchObject({ result: { text: '42' }, duration_ms: 1_000 });
  });

  it('ends as canceled when a cancel was acknowledged first, whatever its process did', async () => {
    const job = await claimed('canceled');
    await stores.jobs.requestCancel(job, { by: 'ann', reason: 'enough' });
    const end = await finishJob(stores, job, success, { op: 'end:a', now: 5_000 });
    expect(end).toMatchObject({ status: 'canceled', canceled_by: 'ann', canceled_reason: 'enough' });
    expect(await stores.jobs.requestCancel(job, { by: 'bob', reason: undefined })).toBeUndefined();
  });

  it('that owes something stays live until it is paid, and a failed payment leaves it there', async () => {
    const job = aJob({ id: 'owing', restart_unless_cancelled: true, delete_after_secs: 0 });
    await stores.jobs.create(job);
    const claim = await stores.jobs.claim(job, { worker: 'wk-a', now: 2_000, op: 'claim:owing' });
    if (!claim.claimed) throw new Error('not claimed');
    const faults: string[] = [];
    const broken = {
      ...stores,
      followups: { ...stores.followups, wipe: () => Promise.reject(new Error('no S3')) },
      report: (message: string) => faults.push(message),
    };
    const ended = await finishJob(broken, claim.job, success, { op: 'end:owing', now: 5_000 });
    expect(ended).toMatchObject({ status: 'success', followups: ['restart', 'wipe'] });
    expect(faults).toEqual(['a followup could not be paid']);
    const again = await claimJob(stores, job, { worker: 'wk-b', now: 6_000, op: 'claim:again' });
    expect(again).toMatchObject({ is: 'owing', job: { followups: ['restart', 'wipe'] } });
    if (again.is === 'owing') await runFollowups(stores, again.job, 6_000);
    expect(stores.paid).toEqual(['restart owing', 'restart owing', 'wipe owing']);
    const over = () => claimJob(stores, job, { worker: 'wk-b', now: 7_000, op: 'claim:over' });
    expect(await over()).toMatchObject({ is: 'deletion', job: { result: { text: '42' } } });
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'success', result: { text: '{}' }, deleted: true });
    await stores.jobs.wipe(job);
    expect(await over()).toEqual({ is: 'nothing' });
  });

  it('fails when its workers died too often', async () => {
    let job = await claimed('poison');
    for (let death = 1; death <= 3; death += 1) {
      await releaseLost({ ...stores, queue: noQueue }, job, { op: `reap:${death}`, now: 3_000 });
      const again = await stores.jobs.claim(job, { worker: 'wk-a', now: 4_000, op: `claim:${death}` });
      if (!again.claimed) throw new Error('not claimed');
      job = again.job;
    }
    await releaseLost({ ...stores, queue: noQueue }, job, { op: 'reap:4', now: 5_000 });
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'failure', tries: 4 });
  });
});

const noQueue = { ...lambdaOnly, serves: () => true, backlog: async () => 0, send: async () => undefined };
