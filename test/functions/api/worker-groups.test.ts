import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DynamoWorkerStore } from '../../../shared/aws/worker-store.ts';
import { type Api, startApi } from '../../support/api.ts';
import { aBeat } from '../../support/stores.ts';

let api: Api;
let member: string;
let workers: DynamoWorkerStore;

const CONFIG = {
  worker_tags: ['python3', 'bash', 'bun', 'dependency'],
  lane: 'lambda',
  max_concurrency: 20,
  priority_concurrency: 10,
  batch_size: 1,
  time_limit_s: 840,
  memory_mb: 1024,
  runner_concurrency: 150,
};

/** Jobs with this tag, queued since `agoMs`. */
const queued = async (workspace: string, tag: string, n: number, agoMs: number): Promise<string[]> => {
  const body = { kind: 'rawscript', tag, rawscript: { content: 'echo 1', language: 'bash' } };
  const ids: string[] = await api.json('POST', `/w/${workspace}/jobs/add_batch_jobs/${n}`, { body });
  for (const id of ids) {
    const job = await api.jobs.get({ workspace, id });
    const at = Date.now() - agoMs;
    await api.jobs.claim(job!, { worker: 'wk-x', now: Date.now(), op: `claim:${id}` });
    await api.jobs.release(job!, 1, { dueAt: at, ran: false, op: `release:${id}` });
  }
  return ids;
};

beforeAll(async () => {
  api = await startApi();
  workers = new DynamoWorkerStore(api.db, 'jobs');
  for (const id of ['admins', 'one', 'two']) await api.call('POST', '/workspaces/create', { body: { id, name: id } });
  await api.call('POST', '/users/create', { body: { email: 'dev@x.io', password: 'long enough' } });
  await api.call('POST', '/w/one/workspaces/add_user', { body: { email: 'dev@x.io' } });
  const login = await api.call('POST', '/auth/login', { body: { email: 'dev@x.io', password: 'long enough' } });
  member = login.text;
}, 30_000);
afterAll(() => api.stop());

describe('worker groups', () => {
  test('are told as they are deployed', async () => {
    const groups = await api.json('GET', '/configs/list_worker_groups', { token: member });
    expect(groups).toEqual([{ name: 'default', config: CONFIG }]);
    expect(await api.json('GET', '/configs/list')).toEqual([{ name: 'worker__default', config: CONFIG }]);
    expect(await api.json('GET', '/configs/get/worker__default')).toEqual(CONFIG);
    expect(await api.json('GET', '/configs/get/worker__none')).toBeNull();
    expect(await api.json('GET', '/configs/list_available_python_versions')).toEqual(['3.13']);
  });

  test('are changed by a deployment, and the refusal says where', async () => {
    for (const method of ['POST', 'DELETE']) {
      const refused = await api.call(method, '/configs/update/worker__default', { body: CONFIG });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('worker__default cannot be changed over the API');
      expect(refused.text).toContain('cdk.json');
    }
  });
});

describe('workers', () => {
  test('are none while nothing runs for long', async () => {
    expect(await api.json('GET', '/workers/list')).toEqual([]);
  });

  test('are listed while they live, with what they hold for superadmins only', async () => {
    const now = Date.now();
    const held = [{ workspace: 'one', id: 'some-job', attempt: 1 }];
    await workers.beat('wk-alive', { ...aBeat(held, now + 6_500), since: now - 60_000, executed: 7 });
    await workers.beat('wk-dead', aBeat(held, now - 1));
    const [alive, ...more] = await api.json('GET', '/workers/list');
    expect(more).toEqual([]);
    expect(alive).toEqual({
      worker: 'wk-alive',
      worker_instance: 'lambda',
      last_ping: 3,
      started_at: new Date(now - 60_000).toISOString(),
      ip: 'none',
      jobs_executed: 7,
      custom_tags: CONFIG.worker_tags,
      worker_group: 'default',
      wm_version: expect.stringContaining('Millrace'),
      last_job_id: 'some-job',
      last_job_workspace_id: 'one',
      memory: 1_073_741_824,
    });
    const [seen] = await api.json('GET', '/workers/list', { token: member });
    expect(seen).toMatchObject({ worker: 'wk-alive' });
    expect(seen).not.toHaveProperty('last_job_id');
    expect(await api.json('GET', '/workers/list?ping_since=1')).toEqual([]);
    expect(await api.json('GET', '/workers/list?page=2')).toEqual([]);
  });
});

describe('tags', () => {
  test('beyond the default ones are those of the setting, as far as a workspace may use them', async () => {
    const value = ['gpu(one)', 'big', 'secret(^one)', 'python3(one)'];
    await api.call('POST', '/settings/global/custom_tags', { body: { value } });
    expect(await api.json('GET', '/settings/global/custom_tags')).toEqual(value);
    expect(await api.json('GET', '/workers/custom_tags')).toEqual(['gpu', 'big', 'secret', 'python3']);
    const restrictions = '/workers/custom_tags?show_workspace_restriction=true';
    expect(await api.json('GET', restrictions)).toEqual(value);
    expect(await api.json('GET', restrictions, { token: member })).toEqual(['gpu', 'big', 'secret', 'python3']);
    expect(await api.json('GET', '/w/one/workers/custom_tags', { token: member })).toEqual(['gpu', 'big', 'python3']);
    expect(await api.json('GET', '/w/two/workers/custom_tags')).toEqual(['big', 'secret']);
    expect(await api.json('GET', '/workers/get_default_tags')).toEqual(['python3', 'bash', 'bun', 'dependency']);
    expect(await api.json('GET', '/workers/is_default_tags_per_workspace')).toBe(false);
  });

  test('have workers where a group serves them, for whoever may use them', async () => {
    const asked = '/workers/exists_workers_with_tags?tags=python3,bash,gpu';
    expect(await api.json('GET', asked)).toEqual({ python3: true, bash: true, gpu: false });
    expect(await api.json('GET', `${asked}&workspace=two`)).toEqual({ python3: false, bash: true, gpu: false });
    expect(await api.json('GET', '/workers/exists_worker_with_tag?tag=bun')).toBe(true);
    expect(await api.json('GET', '/workers/exists_worker_with_tag?tag=gpu')).toBe(false);
  });

  test('that a workspace may not use are refused by name when something is to run', async () => {
    const body = { kind: 'rawscript', tag: 'gpu', rawscript: { content: 'echo 1', language: 'bash' } };
    const refused = await api.call('POST', '/w/two/jobs/add_batch_jobs/1', { body });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('tag gpu: workspace two may not use it');
    const python = { kind: 'rawscript', rawscript: { content: 'print(1)', language: 'python3' } };
    expect((await api.call('POST', '/w/two/jobs/add_batch_jobs/1', { body: python })).status).toBe(400);
    const malformed = await api.call('POST', '/settings/global/custom_tags', { body: { value: ['gpu(one'] } });
    expect([malformed.status, malformed.text]).toEqual([400, expect.stringContaining('custom_tags.0: must be a tag')]);
  });
});

describe('queues', () => {
  test('are counted by tag over all workspaces, with the wait of the first job', { timeout: 20_000 }, async () => {
    const [first = '', second = ''] = await queued('one', 'bash', 2, 60_000);
    await queued('two', 'bash', 1, 10_000);
    await queued('one', 'gpu', 2, 30_000);
    await queued('one', 'bun', 1, 0);
    for (const id of [first, second])
      await api.jobs.claim({ workspace: 'one', id }, { worker: 'wk-alive', now: Date.now(), op: `again:${id}` });
    expect(await api.json('GET', '/workers/queue_counts')).toEqual({ bash: 1, gpu: 2 });
    expect(await api.json('GET', '/workers/queue_running_counts')).toEqual({ bash: 2 });
    const status: { tag: string; delay?: number }[] = await api.json('GET', '/workers/queue_status');
    expect(status.map(({ delay: _delay, ...rest }) => rest)).toEqual([
      { tag: 'bash', waiting: 1, running: 2, workers: expect.any(Number) },
      { tag: 'bun', waiting: 0, running: 0, workers: expect.any(Number) },
      { tag: 'dependency', waiting: 0, running: 0, workers: expect.any(Number) },
      { tag: 'gpu', waiting: 2, running: 0, workers: 0 },
      { tag: 'python3', waiting: 0, running: 0, workers: expect.any(Number) },
    ]);
    const [bash, bun, , gpu] = status.map(({ delay }) => delay);
    expect(bash).toBeGreaterThanOrEqual(10);
    expect(bash).toBeLessThan(30);
    expect(bun).toBeUndefined();
    expect(gpu).toBeGreaterThanOrEqual(30);
    const metrics: { id: string; values: { value: number }[] }[] = await api.json('GET', '/workers/queue_metrics');
    const ids = metrics.map(({ id }) => id).sort((a, b) => (a < b ? -1 : 1));
    expect(ids).toEqual(['queue_count_bash', 'queue_count_gpu', 'queue_delay_bash', 'queue_delay_gpu']);
    expect(metrics.find(({ id }) => id === 'queue_count_gpu')?.values).toMatchObject([{ value: 2 }]);
  });

  test('are one list in the workspace admins, for superadmins', async () => {
    const everywhere = '/w/admins/jobs/queue/list?all_workspaces=true';
    const jobs: { workspace_id: string; tag: string }[] = await api.json('GET', everywhere);
    expect(jobs.map(({ workspace_id, tag }) => `${workspace_id} ${tag}`)).toEqual([
      'one bash',
      'one bash',
      'one gpu',
      'one gpu',
      'two bash',
      'one bun',
    ]);
    expect(await api.json('GET', `${everywhere}&per_page=4&page=2`)).toHaveLength(2);
    expect((await api.call('GET', '/w/one/jobs/queue/list?all_workspaces=true')).status).toBe(400);
    expect((await api.call('GET', everywhere, { token: member })).status).toBe(403);
  });

  test('are counted by the completed jobs of each tag', async () => {
    const [id = ''] = await queued('two', 'bun', 1, 0);
    await api.call('POST', `/w/two/jobs_u/queue/cancel/${id}`, { body: {} });
    expect(await api.json('GET', '/jobs/completed/count_by_tag')).toEqual([{ tag: 'bun', count: 1 }]);
    const elsewhere = '/jobs/completed/count_by_tag?horizon_secs=60&workspace_id=one';
    expect(await api.json('GET', elsewhere)).toEqual([]);
  });
});
