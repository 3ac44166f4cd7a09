import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireJobs } from '../../../functions/expiry/expire-jobs.ts';
import { AwsJobRemains } from '../../../shared/aws/job-remains.ts';
import type { RemoveDeps } from '../../../shared/jobs/remove-job.ts';
import type { Job } from '../../../shared/model/job.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
let remains: AwsJobRemains;
let failures: string[];
beforeAll(async () => {
  stores = await startStores();
  remains = new AwsJobRemains(stores.db, 'jobs', 'payloads');
});
afterAll(() => stores.stop());

const deps = (more: Partial<RemoveDeps> = {}): RemoveDeps => ({
  remains,
  archive: { keep: async () => undefined },
  settings: stores.settings,
  children: async function* () {},
  ...more,
});
/** A job with an argument in S3, a result beside it and a log of 30 pages; then its item goes, as by its time to live. */
const gone = async (id: string): Promise<Job> => {
  const key = { workspace: 'demo', id };
  const args = await stores.payloads.put(key, 'args', JSON.stringify('a'.repeat(20_000)));
  const result = await stores.payloads.put(key, 'result', JSON.stringify('r'.repeat(2_000)));
  const pages = Array.from({ length: 30 }, (_, start) => stores.logs.append(key, { attempt: 1, start, text: 'x' }));
  await Promise.all(pages);
  const job = aJob({ id, status: 'success', args, result, completed_at: 2_000, expires: 3_000 });
  await stores.jobs.create(job);
  await remove(job);
  return job;
};
const remove = ({ workspace, id }: Job) =>
  stores.db.send(new DeleteItemCommand({ TableName: 'jobs', Key: marshall({ pk: `${workspace}#${id}`, sk: 'job' }) }));
const event = (...jobs: (Job | object)[]) => ({
  Records: jobs.map((job, n) => ({
    eventName: 'REMOVE',
    dynamodb: { SequenceNumber: String(n + 1), OldImage: marshall(job, { removeUndefinedValues: true }) },
  })),
});
const expire = (used: RemoveDeps, ...jobs: (Job | object)[]) => {
  failures = [];
  return expireJobs(used, event(...jobs), 4_000_000, (_error, { sequenceNumber = '' }) =>
    failures.push(sequenceNumber),
  );
};

describe('expiry', () => {
  it('removes all that lay beside jobs, however often it is told', async () => {
    const jobs = [await gone('one'), await gone('two')];
    expect(await remains.list(jobs[0]!)).toMatchObject({ items: { length: 31 }, job: false });
    for (const _again of [1, 2]) expect(await expire(deps(), ...jobs)).toEqual({ batchItemFailures: [] });
    for (const job of jobs) {
      expect(await remains.list(job)).toEqual({ items: [], objects: false, job: false });
      await expect(stores.payloads.get(job, job.args)).rejects.toThrow();
    }
  });

  it('leaves what a job has that was made anew under the id', async () => {
    const job = await gone('anew');
    await stores.jobs.create(job);
    await expire(deps(), job);
    expect((await remains.list(job)).items).toHaveLength(31);
    expect(await stores.payloads.get(job, job.args)).toHaveLength(20_002);
  });

  it('takes children along, with what lay beside them, though their own items are still there', async () => {
    const [flow, step] = [await gone('flow'), await gone('step')];
    await stores.jobs.create(step);
    await expire(
      deps({
        children: async function* (job) {
          if (job.id === 'flow') yield step;
        },
      }),
      flow,
    );
    expect(await remains.list(step)).toEqual({ items: [], objects: false, job: false });
  });

  it('asks for the batch again from the first record it could not deal with, and misses nothing then', async () => {
    const jobs = [await gone('fine'), await gone('faulty'), await gone('late')];
    let broken = true;
    const faulty: RemoveDeps['remains'] = {
      list: (key) => remains.list(key),
      deleteObjects: (key, folders) => remains.deleteObjects(key, folders),
      deleteItems: async (key, items) => {
        if (broken && key.id === 'faulty') throw new Error('no answer');
        await remains.deleteItems(key, items);
      },
    };
    expect(await expire(deps({ remains: faulty }), ...jobs)).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect(failures).toEqual(['2']);
    broken = false;
    expect(await expire(deps({ remains: faulty }), ...jobs.slice(1))).toEqual({ batchItemFailures: [] });
    for (const job of jobs) expect((await remains.list(job)).items).toEqual([]);
  });

  it('names a record that is no job, so that the event source finds it out', async () => {
    expect(await expire(deps(), { pk: 'x', sk: 'job' })).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  });
});
