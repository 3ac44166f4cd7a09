import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../../shared/model/job.ts';
import { type Api, startApi } from '../../support/api.ts';
import { aJob } from '../../support/stores.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
});
afterAll(() => api.stop());

let made = 0;
const newId = (): string => {
  made += 1;
  return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
};

/** A job in the table, queued, or run to its end with this result. */
const queued = async (more: Partial<Job> = {}): Promise<Job> => {
  const job = aJob({ id: newId(), created_at: Date.now(), scheduled_for: 1_000, ...more });
  await api.jobs.create(job);
  return job;
};
const running = async (more: Partial<Job> = {}): Promise<Job> => {
  const job = await queued(more);
  const claimed = await api.jobs.claim(job, { worker: 'wk-default-1', now: Date.now(), op: 'claim:1' });
  if (!claimed.claimed) throw new Error('not claimed');
  return claimed.job;
};
const completed = async (result: string, more: Partial<Job> = {}, status: 'success' | 'failure' = 'success') => {
  const job = await running(more);
  const end = { status, completedAt: Date.now(), durationMs: 5, result: await api.payloads.put(job, 'result', result) };
  await api.jobs.finish(job, job.attempt, end, 'finish:1');
  return job;
};
const u = (job: Job, what: string): string => `/w/demo/jobs_u/${what.replace('ID', job.id)}`;

describe('get', () => {
  test('shows a queued job without what it has not got yet', async () => {
    const job = await queued({ args: { at: 'inline', text: '{"n":12345678901234567890}' } });
    const answer = await api.call('GET', u(job, 'get/ID'));
    expect(answer).toMatchObject({ status: 200, type: 'application/json' });
    expect(answer.text).toContain('"args":{"n":12345678901234567890}');
    const shown = JSON.parse(answer.text);
    expect(shown).toMatchObject({
      type: 'QueuedJob',
      id: job.id,
      running: false,
      canceled: false,
      is_flow_step: false,
    });
    expect(shown).not.toHaveProperty('result');
  });

  test('shows a completed job with its result and the end of its log', async () => {
    const job = await running();
    await api.logs.append(job, { attempt: 1, start: 0, text: `${'a'.repeat(100)}${'é'.repeat(20_000)}` });
    const end = { status: 'success' as const, completedAt: Date.now(), result: { at: 'inline' as const, text: '[1]' } };
    await api.jobs.finish(job, 1, end, 'finish:1');
    const shown = await api.json('GET', u(job, 'get/ID'));
    expect(shown).toMatchObject({ type: 'CompletedJob', success: true, result: [1], logs: 'é'.repeat(20_000) });
    expect(await api.json('GET', u(job, 'get/ID?no_logs=true'))).not.toHaveProperty('logs');
  });

  test('gives placeholders for arguments and results of 90,000 bytes and more', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(90_000) });
    const job = aJob({ id: newId() });
    const args = await api.payloads.put(job, 'args', large);
    await completed(large, { id: job.id, args });
    const shown = await api.json('GET', u(job, 'get/ID'));
    expect(shown).toMatchObject({ args: { reason: 'WINDMILL_TOO_BIG' }, result: 'WINDMILL_TOO_BIG' });
  });

  test('leaves the code of a preview out when asked to', async () => {
    const job = await queued({ kind: 'preview', code: { at: 'inline', text: 'echo 1' } });
    expect(await api.json('GET', u(job, 'get/ID'))).toMatchObject({ raw_code: 'echo 1' });
    expect(await api.json('GET', u(job, 'get/ID?no_code=true'))).not.toHaveProperty('raw_code');
  });

  test('an unknown job is a 404 that names it', async () => {
    const missing = newId();
    const answer = await api.call('GET', `/w/demo/jobs_u/get/${missing}`);
    expect(answer).toMatchObject({ status: 404, type: 'text/plain' });
    expect(answer.text).toContain(missing);
  });
});

describe('results', () => {
  test('completed/get and its timing are 404 until the job is done', async () => {
    const job = await running();
    expect((await api.call('GET', u(job, 'completed/get/ID'))).status).toBe(404);
    expect((await api.call('GET', u(job, 'completed/get_timing/ID'))).status).toBe(404);
    const done = await completed('1');
    expect(await api.json('GET', u(done, 'completed/get/ID'))).toMatchObject({ type: 'CompletedJob', result: 1 });
    expect(await api.json('GET', u(done, 'completed/get_timing/ID'))).toMatchObject({ duration_ms: 5 });
  });

  test('the root of a job is text: its own id without one', async () => {
    const job = await queued();
    expect(await api.call('GET', u(job, 'get_root_job_id/ID'))).toMatchObject({ type: 'text/plain', text: job.id });
    const child = await queued({ parent_job: job.id });
    expect((await api.call('GET', u(child, 'get_root_job_id/ID'))).text).toBe(job.id);
  });
});

describe('getupdate', () => {
  test('gives the log from the offset on, counted in characters', async () => {
    const job = await running();
    await api.logs.append(job, { attempt: 1, start: 0, text: '🙂🙂a\n' });
    const first = await api.json('GET', u(job, 'getupdate/ID?running=false&log_offset=0'));
    expect(first).toEqual({ running: true, completed: false, log_offset: 4, new_logs: '🙂🙂a\n' });
    await api.logs.append(job, { attempt: 1, start: 4, text: 'b' });
    expect(await api.json('GET', u(job, 'getupdate/ID?log_offset=4'))).toMatchObject({ log_offset: 5, new_logs: 'b' });
    expect(await api.json('GET', u(job, 'getupdate/ID?log_offset=5'))).not.toHaveProperty('new_logs');
  });

  test('says completed only with the last piece of a long log', async () => {
    const job = await running();
    await api.logs.offload(job, { attempt: 1, start: 0, text: 'x'.repeat(1_000_000) }, []);
    const logTail = { start: 1_000_000, text: 'end' };
    const end = {
      status: 'success' as const,
      completedAt: Date.now(),
      result: { at: 'inline' as const, text: '1' },
      logTail,
    };
    await api.jobs.finish(job, 1, end, 'finish:1');
    const first = await api.json('GET', u(job, 'getupdate/ID?log_offset=0'));
    expect(first).toMatchObject({ completed: false, log_offset: 750_000 });
    const rest = await api.json('GET', u(job, `getupdate/ID?log_offset=${first.log_offset}`));
    expect(rest).toMatchObject({ completed: true, log_offset: 1_000_003 });
    expect(rest.new_logs.endsWith('xend')).toBe(true);
  });
});

describe('progress', () => {
  const set = (job: Job, body: unknown) =>
    api.call('POST', `/w/demo/job_metrics/set_progress/${job.id}`, { body: body as object });
  const get = (job: Job) => api.json('GET', `/w/demo/job_metrics/get_progress/${job.id}`);

  test('grows and never shrinks, and is told by getupdate where that is asked for', async () => {
    const job = await running();
    expect(await get(job)).toBeNull();
    expect(await api.json('GET', u(job, 'getupdate/ID?get_progress=true'))).not.toHaveProperty('progress');
    for (const [percent, told] of [
      [-3, 0],
      [40, 40],
      [30, 40],
      [40.9, 40],
      [100, 99],
    ] as const) {
      expect(await set(job, { percent, flow_job_id: null })).toMatchObject({ status: 200, type: 'text/plain' });
      expect(await get(job)).toBe(told);
    }
    expect(await api.json('GET', u(job, 'getupdate/ID?get_progress=true'))).toMatchObject({ progress: 99 });
    expect(await api.json('GET', u(job, 'getupdate/ID'))).not.toHaveProperty('progress');
    const lines = await api.json('GET', '/w/demo/audit/list?per_page=100');
    expect(lines.filter((line: { operation: string }) => line.operation.includes('progress'))).toEqual([]);
  });

  test("is the attempt's own, and gone when the job forgets", async () => {
    const job = await running();
    await set(job, { percent: 70 });
    await api.jobs.release(job, 1, { dueAt: 1_000, ran: true, op: 'release:1' });
    expect(await get(job)).toBeNull();
    expect(await api.jobs.setProgress(job, 1, 80)).toBe(false);
    const done = await running();
    await set(done, { percent: 70 });
    const end = { status: 'success' as const, completedAt: Date.now(), result: { at: 'inline' as const, text: '1' } };
    await api.jobs.finish(done, 1, end, 'finish:1');
    expect(await get(done)).toBe(70);
    await api.call('POST', `/w/demo/jobs/completed/delete/${done.id}`);
    expect(await get(done)).toBeNull();
  });

  test('is refused with a reason where there is none to set', async () => {
    const job = await queued();
    expect(await set(job, { percent: 5 })).toMatchObject({
      status: 400,
      text: expect.stringContaining('does not run'),
    });
    for (const [body, told] of [
      [{}, 'body percent'],
      [{ percent: '50' }, 'body percent'],
      [{ percent: 5, flow_job_id: 'x' }, 'body flow_job_id'],
    ] as const)
      expect(await set(job, body)).toMatchObject({ status: 400, text: expect.stringContaining(told) });
    expect((await set({ ...job, id: newId() }, { percent: 5 })).status).toBe(404);
  });
});

describe('cancel', () => {
  test('ends a queued job at once with the canceler and his reason', async () => {
    const job = await queued();
    const canceled = await api.call('POST', u(job, 'queue/cancel/ID'), { body: { reason: 'wrong' } });
    expect(canceled).toMatchObject({ status: 200, type: 'text/plain', text: job.id });
    expect(await api.json('GET', u(job, 'completed/get/ID'))).toMatchObject({
      success: false,
      canceled: true,
      canceled_by: 'admin',
      canceled_reason: 'wrong',
      result: { error: { name: 'Canceled', message: 'Job canceled: wrong by admin' } },
    });
  });

  test('marks a running job to be stopped, and takes an empty body', async () => {
    const job = await running();
    expect((await api.call('POST', u(job, 'queue/cancel/ID'))).text).toBe(job.id);
    expect(await api.jobs.get(job)).toMatchObject({ status: 'running', canceled_by: 'admin' });
  });

  test('force ends a running job at once', async () => {
    const job = await running();
    await api.call('POST', u(job, 'queue/force_cancel/ID'), { body: { reason: 'stuck' } });
    expect(await api.jobs.get(job)).toMatchObject({
      status: 'canceled',
      canceled_by: 'admin',
      canceled_reason: 'stuck',
    });
  });

  test('of a completed job says so, and of an unknown one is a 404', async () => {
    const job = await completed('1');
    const late = await api.call('POST', u(job, 'queue/cancel/ID'), { body: {} });
    expect(late).toMatchObject({ status: 200, text: `queued job id ${job.id} is already completed` });
    expect((await api.call('POST', `/w/demo/jobs_u/queue/cancel/${newId()}`)).status).toBe(404);
  });
});

describe('add_batch_jobs', () => {
  test('makes real jobs of a script and answers their ids', async () => {
    const script = { path: 'f/demo/batch', language: 'bash', content: 'echo', summary: '' };
    await api.call('POST', '/w/demo/scripts/create', { body: script });
    const ids = await api.json('POST', '/w/demo/jobs/add_batch_jobs/60', {
      body: { kind: 'script', path: 'f/demo/batch' },
    });
    expect(new Set(ids).size).toBe(60);
    expect(await api.json('GET', `/w/demo/jobs_u/get/${ids[59]}`)).toMatchObject({
      type: 'QueuedJob',
      job_kind: 'script',
      script_path: 'f/demo/batch',
      tag: 'bash',
    });
  });

  test('makes previews of raw code, and refuses other kinds and numbers', async () => {
    const body = { kind: 'rawscript', rawscript: { content: 'echo 1', language: 'bash' } };
    const [id] = await api.json('POST', '/w/demo/jobs/add_batch_jobs/1', { body });
    expect(await api.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject({
      job_kind: 'preview',
      raw_code: 'echo 1',
    });
    expect((await api.call('POST', '/w/demo/jobs/add_batch_jobs/10001', { body })).status).toBe(400);
    expect((await api.call('POST', '/w/demo/jobs/add_batch_jobs/1', { body: { kind: 'flow' } })).status).toBe(400);
  });
});
