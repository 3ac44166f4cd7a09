import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsJobRemains } from '../../../shared/aws/job-remains.ts';
import { AwsLogStore } from '../../../shared/aws/log-store.ts';
import type { LogStore } from '../../../shared/jobs/payload-ports.ts';
import { ResultStream } from '../../../shared/jobs/result-stream.ts';
import { streamSince } from '../../../shared/jobs/stream-since.ts';
import type { Job } from '../../../shared/model/job.ts';
import { STREAM_LIMIT_BYTES } from '../../../shared/model/runner.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
let streams: LogStore;
beforeAll(async () => {
  stores = await startStores();
  streams = new AwsLogStore(stores.db, 'jobs', 'payloads', 'stream');
});
afterAll(() => stores.stop());

const running = async (id: string, attempt = 1): Promise<Job> => {
  const job = aJob({ id, status: 'running', attempt });
  await stores.jobs.create(job);
  return job;
};

const streamOf = (job: Job, store: LogStore = streams): ResultStream =>
  new ResultStream({ jobs: stores.jobs, streams: store, masks: stores.masks, now: Date.now }, job);

const told = async (job: Job, from = 0, limit = 1_000_000) => {
  const now = await stores.jobs.get(job);
  if (now === undefined) throw new Error('the job is gone');
  return streamSince(stores.logReads, now, from, limit);
};

describe('the stream of an attempt', () => {
  it('is read from any offset while pages move to S3, and goes with its job', async () => {
    const job = await running('long');
    const stream = streamOf(job);
    let whole = '';
    for (let n = 0; n < 12; n += 1) {
      const text = `${n} ${'é🚂x'.repeat(1_000)}\n`;
      whole += text;
      await stream.write(text);
      // A page is written after 200 ms: three of these are enough for one that moves.
      if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(await stream.end()).toBe(whole);
    const chars = [...whole];
    expect(await told(job)).toEqual({ fields: { stream_offset: chars.length, new_result_stream: whole }, whole: true });
    const part = await told(job, 7_001, 10);
    expect(part.fields).toEqual({ stream_offset: 7_011, new_result_stream: chars.slice(7_001, 7_011).join('') });
    const remains = new AwsJobRemains(stores.db, 'jobs', 'payloads');
    const { items, objects } = await remains.list(job);
    expect([items.every((item) => item.startsWith('stream#')), objects]).toEqual([true, true]);
    await remains.deleteObjects(job, ['log']);
    await remains.deleteItems(job, items);
    expect(await told(job)).toMatchObject({ fields: { stream_offset: 0 } });
  });

  it('costs nothing when there is none', async () => {
    const job = await running('silent');
    expect(await streamOf(job, { append: fail, offload: fail, length: fail }).end()).toBeUndefined();
    expect(await stores.jobs.get(job)).toEqual(job);
    expect(await told(job)).toEqual({ fields: {}, whole: true });
  });

  it('is behind those of the attempts before, and hides them', async () => {
    const job = await running('again', 3);
    await streams.append(job, { attempt: 2, start: 0, text: 'earlier' });
    const stream = streamOf(job);
    await stream.write('now');
    expect(await stream.end()).toBe('now');
    for (const from of [0, 4, 7])
      expect((await told(job, from)).fields).toEqual({ stream_offset: 10, new_result_stream: 'now' });
    expect((await told(job, 10)).fields).toEqual({ stream_offset: 10 });
  });

  it('has no secret that the job was given, or fetched meanwhile', async () => {
    const job = await running('secret');
    const stream = streamOf(job);
    stream.mask(['given-secret']);
    await stream.write('given-');
    await stream.write('secret and ');
    await stores.masks.add(job, 1, ['fetched-secret']);
    await stream.write('fetched-secret');
    expect(await stream.end()).toBe('giv***** and fet*****');
    expect((await told(job)).fields.new_result_stream).toBe('giv***** and fet*****');
  });

  it('that cannot be stored is the result all the same, with a word about it', async () => {
    const stream = streamOf(await running('broken'), { append: fail, offload: fail, length: fail });
    await stream.write('text');
    expect(await stream.end()).toBe('text\n[millrace] the rest of the stream could not be stored\n');
  });

  it('is cut at its limit, whatever a runner sends', async () => {
    const stream = streamOf(await running('endless'), {
      append: () => done,
      offload: () => done,
      length: async () => 0,
    });
    for (let n = 0; n < 5; n += 1) await stream.write('x'.repeat(1_000_000));
    expect(await stream.end()).toHaveLength(STREAM_LIMIT_BYTES);
  });
});

const done = Promise.resolve();
const fail = (): Promise<never> => Promise.reject(new Error('no'));
