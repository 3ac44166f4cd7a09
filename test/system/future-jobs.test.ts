import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

const DAY_MS = 86_400_000;
const NOTE = 'name="$1"\nfile="$2"\necho "$name" >> "$file"\n';

let millrace: Millrace;
let runs: string;
beforeAll(async () => {
  millrace = await Millrace.start();
  runs = join(millrace.shared, 'runs');
  appendFileSync(runs, '');
  await millrace.workspace();
  await millrace.script('f/demo/note', 'bash', NOTE);
}, 60_000);
afterAll(() => millrace.stop());

const run = (name: string, query: string, status = 201): Promise<string> =>
  millrace.text('POST', `/w/demo/jobs/run/p/f/demo/note?${query}`, status, { name, file: runs });
const runsOf = (name: string): number =>
  readFileSync(runs, 'utf8')
    .split('\n')
    .filter((line) => line === name).length;
const at = (inMs: number): number => millrace.cloud.clock.now() + inMs;
const iso = (time: number): string => new Date(time).toISOString();
const ran = async (id: string, name: string): Promise<number> => {
  const job = await millrace.completed(id, 20_000);
  expect(job).toMatchObject({ success: true });
  expect(runsOf(name)).toBe(1);
  return Date.parse(job.started_at);
};
/** One-shot schedules that wait for a job of this id. */
const schedulesOf = async (id: string): Promise<string[]> => {
  const { body } = await millrace.cloud.scheduler.answer({
    service: 'scheduler',
    method: 'GET',
    path: '/schedules',
    query: new URLSearchParams({ NamePrefix: id }),
    headers: {},
    body: Buffer.alloc(0),
  });
  return JSON.parse(String(body)).Schedules.map(({ Name }: { Name: string }) => Name);
};
const queued = async (id: string): Promise<boolean> =>
  (await millrace.json('GET', `/w/demo/jobs_u/get/${id}?no_logs=true`)).type === 'QueuedJob';

describe('a job for later', () => {
  it('due in three days runs then, once, not earlier and at most 2 s late, and its schedule is gone', async () => {
    const due = at(3 * DAY_MS);
    const id = await run('in three days', `scheduled_for=${encodeURIComponent(iso(due))}`);
    expect(await schedulesOf(id)).toHaveLength(1);
    expect(await millrace.json('GET', `/w/demo/jobs/queue/scheduled_for/${id}`)).toBe(due);
    millrace.cloud.clock.advance(2 * DAY_MS);
    expect(await schedulesOf(id)).toHaveLength(1);
    // Its message comes 90 s before, and is found to be early.
    millrace.cloud.clock.advance(due - 60_000 - millrace.cloud.clock.now());
    await expect.poll(() => schedulesOf(id), { timeout: 5_000 }).toEqual([]);
    await expect.poll(() => millrace.cloud.sqs.counts(queueOf('bash')).delayed, { timeout: 5_000 }).toBe(1);
    millrace.cloud.clock.advance(due - 2_000 - millrace.cloud.clock.now());
    expect(await queued(id)).toBe(true);
    const late = (await ran(id, 'in three days')) - due;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2_000);
  });

  it('due within 15 minutes waits in the queue itself', async () => {
    const due = at(600_000);
    const id = await run('in ten minutes', 'scheduled_in_secs=600');
    expect(await schedulesOf(id)).toEqual([]);
    millrace.cloud.clock.advance(599_000);
    expect(await queued(id)).toBe(true);
    millrace.cloud.clock.advance(1_000);
    const late = (await ran(id, 'in ten minutes')) - due;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2_000);
  });

  it('runs now when it is made due, and nothing comes later', async () => {
    const id = await run('made due', 'scheduled_in_secs=7200');
    expect(await schedulesOf(id)).toHaveLength(1);
    expect(await millrace.text('POST', `/w/demo/jobs/queue/run_now/${id}`, 200)).toBe(id);
    await ran(id, 'made due');
    expect(await schedulesOf(id)).toEqual([]);
    expect(await millrace.text('POST', `/w/demo/jobs/queue/run_now/${id}`, 400)).toContain('success');
  });

  it('never runs once it is canceled, and its schedule is gone', async () => {
    const id = await run('canceled', 'scheduled_in_secs=7200');
    expect(await schedulesOf(id)).toHaveLength(1);
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, { reason: 'not any more' });
    expect(await schedulesOf(id)).toEqual([]);
    const short = await run('canceled', 'scheduled_in_secs=60');
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${short}`, 200, {});
    millrace.cloud.clock.advance(7_300_000);
    // Whatever was on its way has come once a job behind it has run.
    await ran(await run('behind', ''), 'behind');
    expect(runsOf('canceled')).toBe(0);
    expect(await millrace.completed(id)).toMatchObject({ canceled: true, canceled_reason: 'not any more' });
  });

  it('whose message was lost is sent by the reaper', async () => {
    const id = await run('lost', 'scheduled_in_secs=60');
    await millrace.cloud.services.sqs.answer({
      service: 'sqs',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': 'AmazonSQS.PurgeQueue' },
      body: Buffer.from(JSON.stringify({ QueueUrl: `http://x/0/${queueOf('bash')}` })),
    });
    millrace.cloud.clock.advance(120_000);
    await millrace.cloud.tick('reaper');
    await ran(id, 'lost');
  });
});

const queueOf = (tag: string): string => {
  const found = millrace.cloud.sqs.names().filter((name) => name.includes(`Tag${tag}`));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} queues of ${tag}: ${millrace.cloud.sqs.names()}`);
  return found[0];
};

describe('the queue', () => {
  it('lists jobs by when they are due, and tells the place of each', async () => {
    const due = at(3_600_000);
    const later = await run('z', `scheduled_for=${iso(due + 2_000)}`);
    const soon = await run('z', `scheduled_for=${iso(due)}`);
    const between = await run('z', `scheduled_for=${iso(due + 1_000)}`);
    const list = await millrace.json('GET', '/w/demo/jobs/queue/list');
    expect(list.map(({ id }: { id: string }) => id)).toEqual([soon, between, later]);
    const place = async (time: number): Promise<number> =>
      (await millrace.json('GET', `/w/demo/jobs/queue/position/${time}`)).position;
    expect(await Promise.all([due, due + 1_000, due + 2_000, due + 3_000].map(place))).toEqual([1, 2, 3, 4]);
    for (const id of [later, soon, between]) await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, {});
  });
});

describe('a time that cannot be', () => {
  it.each([
    ['unparsable', 'scheduled_for=tomorrow', /scheduled_for/],
    ['more than a year ahead', `scheduled_for=${iso(Date.now() + 400 * DAY_MS)}`, /scheduled_for.*year/],
    ['more than a year of seconds ahead', 'scheduled_in_secs=40000000', /scheduled_in_secs.*year/],
    ['a negative wait', 'scheduled_in_secs=-1', /scheduled_in_secs/],
  ])('%s is a 400 that names it', async (_what, query, message) => {
    expect(await run('never', query, 400)).toMatch(message);
    expect(runsOf('never')).toBe(0);
  });

  it('in the past is now', async () => {
    const id = await run('past', `scheduled_for=${iso(at(-DAY_MS))}`);
    await ran(id, 'past');
  });
});

describe('a backlog', () => {
  it('that became due while no worker was up runs when they start, each job once', async () => {
    const { home } = millrace;
    const { clock } = millrace.cloud;
    const names = ['b1', 'b2', 'b3', 'b4', 'b5'];
    const ids = await Promise.all(names.map((name, n) => run(name, `scheduled_in_secs=${n < 3 ? 600 : 7_200}`)));
    await millrace.cloud.stop();
    clock.advance(DAY_MS);
    millrace = await Millrace.start({ home, clock });
    for (const [n, id] of ids.entries()) await ran(id, names[n] ?? '');
    expect(await millrace.json('GET', '/w/demo/jobs/queue/list')).toEqual([]);
  }, 60_000);
});
