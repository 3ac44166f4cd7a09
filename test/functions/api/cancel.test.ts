import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../../shared/model/job.ts';
import { type Api, startApi } from '../../support/api.ts';
import { memberOf, type Person } from '../../support/people.ts';
import { aJob } from '../../support/stores.ts';

let api: Api;
let ann: Person;
beforeAll(async () => {
  api = await startApi();
  for (const id of ['demo', 'other']) await api.call('POST', '/workspaces/create', { body: { id, name: id } });
  ann = await memberOf(api, 'ann');
}, 30_000);
afterAll(() => api.stop());

let made = 0;
const queued = async (more: Partial<Job> = {}): Promise<Job> => {
  made += 1;
  const id = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  const job = aJob({ id, created_at: Date.now(), scheduled_for: 1_000 + made, ...more });
  await api.jobs.create(job);
  return job;
};
const running = async (more: Partial<Job> = {}): Promise<Job> => {
  const claimed = await api.jobs.claim(await queued(more), { worker: 'wk', now: Date.now(), op: 'claim:1' });
  if (!claimed.claimed) throw new Error('not claimed');
  return claimed.job;
};
const ofAnn = { created_by: 'ann', permissioned_as: 'u/ann', email: 'ann@x.io' };
const cancel = (job: Job, how = 'cancel') => api.call('POST', `/w/demo/jobs_u/queue/${how}/${job.id}`, { body: {} });
const statusOf = async (job: Job): Promise<string | undefined> => (await api.jobs.get(job))?.status;
const select = (ids: string[], query = ''): Promise<string[]> =>
  api.json('POST', `/w/demo/jobs/queue/cancel_selection${query}`, { body: ids });

describe('a cancel', () => {
  test('takes the jobs along that the job started, theirs first', async () => {
    const top = await running();
    const step = await running({ parent_job: top.id });
    const leaf = await queued({ parent_job: step.id });
    const apart = await queued();
    expect((await cancel(top)).text).toBe(top.id);
    expect(await api.jobs.get(leaf)).toMatchObject({ status: 'canceled', canceled_by: 'admin' });
    for (const job of [top, step])
      expect(await api.jobs.get(job)).toMatchObject({ status: 'running', canceled_by: 'admin' });
    expect(await statusOf(apart)).toBe('queued');
  });

  test('by force ends the whole family at once, from its highest live job down', async () => {
    const over = await queued();
    await cancel(over);
    const top = await running({ parent_job: over.id });
    const step = await running({ parent_job: top.id });
    const sibling = await queued({ parent_job: top.id });
    expect((await cancel(step, 'force_cancel')).text).toBe(step.id);
    for (const job of [top, step, sibling]) expect(await statusOf(job)).toBe('canceled');
    const log = await api.json('GET', `/w/demo/jobs_u/get/${top.id}`);
    expect(log.logs).toBe('canceled by admin: (force cancel: true)\n');
  });

  test('by force climbs no further than its caller may see: naming a parent gives no right over it', async () => {
    const victim = await running({ path: 'u/admin/x' });
    const own = await queued({ ...ofAnn, path: 'u/ann/x', parent_job: victim.id });
    expect(await ann.status('POST', `/w/demo/jobs_u/queue/force_cancel/${own.id}`, {})).toBe(200);
    expect(await statusOf(own)).toBe('canceled');
    expect(await api.jobs.get(victim)).not.toHaveProperty('canceled_by');
  });

  test('ends where parents go in a circle', async () => {
    const [a, b] = ['00000000-0000-4000-9000-00000000000a', '00000000-0000-4000-9000-00000000000b'];
    const one = await queued({ id: a, parent_job: b });
    const two = await queued({ id: b, parent_job: a });
    await cancel(one, 'force_cancel');
    expect([await statusOf(one), await statusOf(two)]).toEqual(['canceled', 'canceled']);
  });

  test('of a future tick of a schedule is a 400 that names the schedule; a tick that is due is a job like any other', async () => {
    const tick = await queued({ schedule_path: 'f/demo/daily', scheduled_for: Date.now() + 60_000 });
    const refused = await cancel(tick);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(
      'Cannot cancel a future tick of a schedule, cancel the schedule directly (f/demo/daily)',
    );
    expect((await cancel(tick, 'force_cancel')).status).toBe(400);
    expect(await select([tick.id])).toEqual([]);
    expect((await cancel(await queued({ schedule_path: 'f/demo/daily' }))).status).toBe(200);
  });
});

describe('a selection', () => {
  test('cancels what it may and answers just that, and leaves a line for each in the audit log', async () => {
    const waits = await queued({ path: 'f/demo/selected' });
    const runs = await running();
    const over = await queued();
    await cancel(over);
    const elsewhere = await queued({ workspace: 'other' });
    const unknown = '00000000-0000-4000-8000-0000000fffff';
    expect(await select([waits.id, runs.id, over.id, elsewhere.id, unknown, waits.id])).toEqual([waits.id, runs.id]);
    expect(await statusOf(elsewhere)).toBe('queued');
    expect(await api.jobs.get(runs)).toMatchObject({ status: 'running', canceled_by: 'admin' });
    expect(await select([runs.id], '?force_cancel=true')).toEqual([runs.id]);
    expect(await statusOf(runs)).toBe('canceled');
    const lines: { operation: string; resource: string }[] = await api.json('GET', '/w/demo/audit/list?per_page=100');
    const told = lines.filter(({ resource }) => [waits.id, runs.id].includes(resource));
    expect(told.map(({ operation }) => operation).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'jobs.cancel',
      'jobs.cancel',
      'jobs.force_cancel',
    ]);
  });

  test('passes over jobs that its caller may not see', async () => {
    const hidden = await queued({ path: 'u/admin/x' });
    const own = await queued({ ...ofAnn, path: 'u/ann/x' });
    expect(await ann.json('POST', '/w/demo/jobs/queue/cancel_selection', [hidden.id, own.id])).toEqual([own.id]);
    expect(await statusOf(hidden)).toBe('queued');
  });

  test('may be empty, and is refused beyond 1,000 jobs', async () => {
    expect(await select([])).toEqual([]);
    const many = Array.from({ length: 1_001 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
    const refused = await api.call('POST', '/w/demo/jobs/queue/cancel_selection', { body: many });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('at most 1000 jobs') });
  });

  test('comes from a filter on the queue: by either list of ids, page by page', { timeout: 60_000 }, async () => {
    const all = await Promise.all(Array.from({ length: 250 }, () => queued({ path: 'f/demo/many', tag: 'slow' })));
    await Promise.all(Array.from({ length: 3 }, () => queued({ path: 'f/demo/many', tag: 'quick' })));
    const filter = 'script_path_exact=f/demo/many&tag=slow&per_page=100';
    for (const list of ['queue/list_filtered_uuids?', 'list_filtered_uuids?running=false&']) {
      const pages = await Promise.all(
        [1, 2, 3].map((page) => api.json('GET', `/w/demo/jobs/${list}${filter}&page=${page}`)),
      );
      expect(new Set(pages.flat())).toEqual(new Set(all.map(({ id }) => id)));
    }
    expect(await select(all.map(({ id }) => id))).toHaveLength(250);
    expect(await api.json('GET', `/w/demo/jobs/queue/list_filtered_uuids?${filter}`)).toEqual([]);
    expect(await api.json('GET', '/w/demo/jobs/queue/list?script_path_exact=f/demo/many')).toHaveLength(3);
  });
});

describe('cancel_persistent', () => {
  test('cancels every queued and running job of the path, and no other', async () => {
    const path = 'f/demo/perpetual';
    const waits = await queued({ path });
    const runs = await running({ path, restart_unless_cancelled: true });
    const tick = await queued({ path, schedule_path: 'f/demo/daily', scheduled_for: Date.now() + 60_000 });
    const near = await queued({ path: 'f/demo/perpetual2' });
    const answer = await api.call('POST', `/w/demo/jobs_u/queue/cancel_persistent/${path}`, {
      body: { reason: 'off' },
    });
    expect(answer).toMatchObject({ status: 200, text: `canceled 2 jobs of ${path}` });
    expect(await api.jobs.get(waits)).toMatchObject({ status: 'canceled', canceled_reason: 'off' });
    expect(await api.jobs.get(runs)).toMatchObject({ status: 'running', canceled_by: 'admin' });
    for (const job of [tick, near]) expect(await statusOf(job)).toBe('queued');
  });

  test('cancels the next run of a job that ended just before, though nobody had made it yet', async () => {
    const path = 'f/demo/again';
    const script = { path, language: 'bash', content: 'true', restart_unless_cancelled: true };
    const hash = (await api.call('POST', '/w/demo/scripts/create', { body: script })).text;
    const runs = await running({ path, hash, language: 'bash', restart_unless_cancelled: true });
    const end = { status: 'success', result: { at: 'inline', text: '1' }, completedAt: Date.now() } as const;
    await api.jobs.finish(runs, 1, { ...end, followups: ['restart'] }, 'finish:1');
    const answer = await api.call('POST', `/w/demo/jobs_u/queue/cancel_persistent/${path}`, { body: {} });
    expect(answer.text).toBe(`canceled 1 job of ${path}`);
    expect(await api.json('GET', `/w/demo/jobs/queue/list?script_path_exact=${path}`)).toEqual([]);
    const [last] = await api.json('GET', `/w/demo/jobs/list?script_path_exact=${path}`);
    expect(last).toMatchObject({ canceled: true, canceled_by: 'admin' });
  });
});
