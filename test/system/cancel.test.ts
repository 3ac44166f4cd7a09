import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start({ workers: 1 });
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const run = (path: string, query = ''): Promise<string> =>
  millrace.text('POST', `/w/demo/jobs/run/p/${path}${query}`, 201, {});
const batch = (path: string, n: number): Promise<string[]> =>
  millrace.json('POST', `/w/demo/jobs/add_batch_jobs/${n}`, { kind: 'script', path });
const queued = (path: string): Promise<{ id: string; running: boolean }[]> =>
  millrace.json('GET', `/w/demo/jobs/queue/list?per_page=100&script_path_exact=${path}`);
const job = (id: string) => millrace.json('GET', `/w/demo/jobs_u/get/${id}?no_logs=true`);

describe('a job with a priority', () => {
  test('starts before the jobs that wait already, with all ordinary workers busy', async () => {
    await millrace.script('f/demo/ordinary', 'bash', 'sleep 0.4');
    await millrace.script('f/demo/urgent', 'bash', 'echo now', { priority: 5 });
    await batch('f/demo/ordinary', 30);
    const urgent = await millrace.completed(await run('f/demo/urgent'));
    expect(urgent).toMatchObject({ success: true, result: 'now', priority: 5 });
    const waiting = await queued('f/demo/ordinary');
    expect(waiting.length).toBeGreaterThan(15);
    expect(await millrace.json('GET', '/w/demo/jobs/queue/count?tags=bash')).toMatchObject({
      database_length: expect.toSatisfy((count: number) => count > 15 && count <= waiting.length),
    });
    const ids = waiting.map(({ id }) => id);
    await millrace.json('POST', '/w/demo/jobs/queue/cancel_selection?force_cancel=true', ids);
    expect(await queued('f/demo/ordinary')).toEqual([]);
  });
});

describe('canceling', () => {
  test('a selection of 1,000 queued jobs fits a request', { timeout: 90_000 }, async () => {
    await millrace.script('f/demo/nowhere', 'bash', 'true', { tag: 'nobody' });
    const all = await batch('f/demo/nowhere', 1_000);
    const begun = Date.now();
    const canceled = await millrace.json('POST', '/w/demo/jobs/queue/cancel_selection', all);
    expect(canceled).toEqual(all);
    expect(Date.now() - begun).toBeLessThan(29_000);
    expect(await queued('f/demo/nowhere')).toEqual([]);
    expect(await job(all[999] ?? '')).toMatchObject({ canceled: true, canceled_by: 'admin' });
  });

  test('a perpetual script stops its run within 5 s, and no other run follows', async () => {
    await millrace.script('f/demo/perpetual', 'bash', 'sleep 100', { restart_unless_cancelled: true });
    const id = await run('f/demo/perpetual');
    await millrace.running(id);
    const told = await millrace.text('POST', '/w/demo/jobs_u/queue/cancel_persistent/f/demo/perpetual', 200, {});
    expect(told).toBe('canceled 1 job of f/demo/perpetual');
    expect(await millrace.completed(id, 5_000)).toMatchObject({ canceled: true, success: false });
    expect(await queued('f/demo/perpetual')).toEqual([]);
  });
});
