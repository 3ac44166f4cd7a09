import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NewTagDeps, sendNewTags } from '../../../functions/reaper/send-new-tags.ts';
import { sqsClient } from '../../../shared/aws/clients.ts';
import { JobMessage, type Queues, SqsJobQueue } from '../../../shared/aws/job-queue.ts';
import { LiveJobs } from '../../../shared/aws/live-jobs.ts';
import { servedTags } from '../../../shared/aws/served-tags.ts';
import { queues as queuesOf } from '../../../shared/model/env.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
let queues: Queues;
beforeAll(async () => {
  api = await startApi();
  for (const id of ['a-team', 'b-team']) await api.call('POST', '/workspaces/create', { body: { id, name: id } });
  queues = queuesOf.QUEUES.parse(process.env.QUEUES);
}, 30_000);
afterAll(() => api.stop());

const make = (workspace: string, tag: string, n: number): Promise<string[]> =>
  api.json('POST', `/w/${workspace}/jobs/add_batch_jobs/${n}`, {
    body: { kind: 'rawscript', tag, rawscript: { content: 'echo 1', language: 'bash' } },
  });

/** The reaper's walk over real stores, in an installation whose groups serve these tags; the new ones share a queue. */
const reaper = (...served: string[]): NewTagDeps => ({
  queue: new SqsJobQueue(sqsClient(), Object.fromEntries(served.map((tag) => [tag, queues[tag] ?? queues.bun!]))),
  served,
  servedTags: servedTags(api.db, 'jobs'),
  live: new LiveJobs(api.db, { jobs: 'jobs', catalog: 'catalog' }),
  now: Date.now,
});

/** Ids of the jobs whose messages lie in the queue of new tags, taken out of it. */
const sent = async (): Promise<string[]> => {
  const ids: string[] = [];
  for (;;) {
    const command = new ReceiveMessageCommand({ QueueUrl: queues.bun!.url, MaxNumberOfMessages: 10 });
    const { Messages } = await sqsClient().send(command);
    if (!Messages?.length) return ids;
    ids.push(...Messages.map(({ Body }) => JobMessage.parse(JSON.parse(Body!)).id));
  }
};

const never = (): boolean => false;
const sorted = (ids: string[]): string[] => [...ids].sort((a, b) => (a < b ? -1 : 1));

describe('the reaper, when a deployment adds a tag', () => {
  it('sends nothing at its first look, and then only what waited for the new tag, once', async () => {
    const gpu = [...(await make('a-team', 'gpu', 3)), ...(await make('b-team', 'gpu', 2))];
    await make('a-team', 'huge', 2);
    await make('a-team', 'bash', 2);
    await sendNewTags(reaper('bash', 'bun', 'python3'), never);
    expect(await sent()).toEqual([]);
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'python3'), never);
    expect(sorted(await sent())).toEqual(sorted(gpu));
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'python3'), never);
    expect(await sent()).toEqual([]);
  });

  it('goes on behind its last page when its time was up, and begins anew for one more tag', {
    timeout: 20_000,
  }, async () => {
    const many = await make('b-team', 'many', 700);
    const huge = await make('b-team', 'huge', 1);
    let looks = 0;
    // Two looks a slice: a page of each of two workspaces, or two pages of one.
    const slice = (): boolean => {
      looks += 1;
      return looks % 3 === 0;
    };
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'many', 'python3'), slice);
    const first = await sent();
    expect(first.length).toBeGreaterThan(400);
    expect(first.length).toBeLessThan(700);
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'many', 'python3'), never);
    const second = await sent();
    expect(sorted([...first, ...second])).toEqual(sorted(many));
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'huge', 'many', 'python3'), never);
    expect(await sent()).toEqual(expect.arrayContaining(huge));
  });

  it('sends a tag again that was gone for a while, and no job that does not wait any more', async () => {
    await sendNewTags(reaper('bash', 'bun', 'huge', 'many', 'python3'), never);
    const [canceled = '', ...waiting] = await make('a-team', 'gpu', 2);
    await api.call('POST', `/w/a-team/jobs_u/queue/cancel/${canceled}`, { body: {} });
    await sendNewTags(reaper('bash', 'bun', 'gpu', 'huge', 'many', 'python3'), never);
    const ids = await sent();
    expect(ids).toEqual(expect.arrayContaining(waiting));
    expect(ids).not.toContain(canceled);
  });
});
