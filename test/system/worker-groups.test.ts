import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace('demo');
  await millrace.workspace('other');
  // Before anything runs: a warm function may know the settings of a minute ago.
  await millrace.text('POST', '/settings/global/custom_tags', 200, { value: ['bun(other)'] });
}, 60_000);
afterAll(() => millrace.stop());

const SCRIPT = { summary: '', description: '', language: 'bash', kind: 'script' };

describe('a tag that is for other workspaces', () => {
  test('is refused by name where it would run, wherever it was stated, and runs in its own', async () => {
    const preview = { language: 'bash', content: 'echo 1', tag: 'bun' };
    const refusal = 'Bad request: tag bun: workspace demo may not use it';
    expect(await millrace.text('POST', '/w/demo/jobs/run/preview', 400, preview)).toContain(refusal);
    expect(await millrace.text('POST', '/w/demo/jobs/run_wait_result/preview', 400, preview)).toContain(refusal);
    const script = { ...SCRIPT, path: 'u/admin/sly', content: 'echo 1', tag: '$args[tag]' };
    await millrace.text('POST', '/w/demo/scripts/create', 201, script);
    const run = '/w/demo/jobs/run/p/u/admin/sly';
    expect(await millrace.text('POST', run, 400, { tag: 'bun' })).toContain(refusal);
    await millrace.completed(await millrace.text('POST', run, 201, { tag: 'bash' }));
    await millrace.text('POST', '/w/other/jobs/run_wait_result/preview', 200, preview);
  });

  test('fails a job that a schedule started with it', { timeout: 20_000 }, async () => {
    const script = { ...SCRIPT, path: 'u/admin/ticking', content: 'echo 1', tag: 'bun' };
    await millrace.text('POST', '/w/demo/scripts/create', 201, script);
    await millrace.text('POST', '/w/demo/schedules/create', 201, {
      path: 'u/admin/ticking',
      schedule: '* * * * * *',
      timezone: 'UTC',
      script_path: 'u/admin/ticking',
      is_flow: false,
      args: {},
      enabled: true,
    });
    const failed = '/w/demo/jobs/completed/list?schedule_path=u/admin/ticking&success=false';
    let found: { id: string }[] = [];
    for (let looks = 0; looks < 100 && found.length === 0; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = await millrace.json('GET', failed);
    }
    const result = await millrace.json('GET', `/w/demo/jobs_u/completed/get_result/${found[0]?.id}`);
    expect(result).toMatchObject({
      error: { message: expect.stringContaining('tag bun: workspace demo may not use it') },
    });
    await millrace.text('POST', '/w/demo/schedules/setenabled/u/admin/ticking', 200, { enabled: false });
  });
});

describe('a worker', () => {
  test('is listed while it holds a job for some seconds, and gone with it', { timeout: 20_000 }, async () => {
    const body = { language: 'bash', content: 'sleep 6' };
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, body);
    let workers: object[] = [];
    for (let looks = 0; looks < 60 && workers.length === 0; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      workers = await millrace.json('GET', '/workers/list?ping_since=60');
    }
    expect(workers).toEqual([
      expect.objectContaining({
        worker: expect.stringMatching(/^wk-default-/),
        worker_group: 'default',
        custom_tags: ['python3', 'bash', 'bun', 'dependency'],
        last_job_id: id,
        last_job_workspace_id: 'demo',
      }),
    ]);
    const status: { tag: string }[] = await millrace.json('GET', '/workers/queue_status');
    expect(status.find(({ tag }) => tag === 'bash')).toEqual({ tag: 'bash', waiting: 0, running: 1, workers: 1 });
    await millrace.completed(id);
    expect(await millrace.json('GET', '/workers/list')).toEqual([]);
  });
});
