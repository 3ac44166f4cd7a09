import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  /** A request may name five times as many and has 30 s: its calls are counted, because time depends on the machine. */
  test('a selection of queued jobs reads them a hundred at a time, and costs few calls each', {
    timeout: 90_000,
  }, async () => {
    await millrace.script('f/demo/nowhere', 'bash', 'true', { tag: 'nobody' });
    const all = await batch('f/demo/nowhere', 200);
    millrace.cloud.meter.reset();
    expect(await millrace.json('POST', '/w/demo/jobs/queue/cancel_selection', all)).toEqual(all);
    const calls = Object.entries(millrace.cloud.meter.read().functions.api ?? {});
    const count = Object.fromEntries(calls.map(([operation, { calls }]) => [operation, calls]));
    const sum = calls.reduce((total, [, { calls }]) => total + calls, 0);
    expect(count['dynamodb:BatchGetItem']).toBe(2);
    // The settings, as often as fifty that begin at once find them unread.
    expect(count['dynamodb:GetItem'] ?? 0, JSON.stringify(count)).toBeLessThan(60);
    expect(sum, JSON.stringify(count)).toBeLessThan(all.length * 3);
    expect(await queued('f/demo/nowhere')).toEqual([]);
    expect(await job(all[199] ?? '')).toMatchObject({ canceled: true, canceled_by: 'admin' });
  });

  test('a perpetual script stops its run, and no other run follows', async () => {
    await millrace.script('f/demo/perpetual', 'bash', 'sleep 100', { restart_unless_cancelled: true });
    const id = await run('f/demo/perpetual');
    await millrace.running(id);
    const told = await millrace.text('POST', '/w/demo/jobs_u/queue/cancel_persistent/f/demo/perpetual', 200, {});
    expect(told).toBe('canceled 1 job of f/demo/perpetual');
    expect(await millrace.completed(id, 30_000)).toMatchObject({ canceled: true, success: false });
    await expect.poll(() => queued('f/demo/perpetual'), { timeout: 30_000 }).toEqual([]);
    const runs = await millrace.json('GET', '/w/demo/jobs/list?script_path_exact=f/demo/perpetual');
    expect(runs).toHaveLength(1);
  });
});

describe('a time limit', () => {
  test("is the smallest that request and script state, and the instance's where neither does", async () => {
    await millrace.script('f/demo/bounded', 'bash', 'sleep 60', { timeout: 1 });
    await millrace.script('f/demo/unbounded', 'bash', 'sleep 60');
    const byScript = await run('f/demo/bounded', '?timeout=30');
    const byRequest = await run('f/demo/unbounded', '?timeout=2');
    await millrace.text('POST', '/settings/global/job_default_timeout', 200, { value: 3 });
    millrace.cloud.clock.advance(61_000);
    const byInstance = await run('f/demo/unbounded');
    for (const [id, seconds] of [
      [byScript, 1],
      [byRequest, 2],
      [byInstance, 3],
    ] as const) {
      const ended = await millrace.completed(id);
      expect(ended).toMatchObject({ success: false, canceled_by: 'timeout' });
      expect(ended.result.error.message).toContain(`its limit of ${seconds} s`);
    }
    await millrace.text('POST', '/settings/global/job_default_timeout', 200, { value: null });
  });

  test('below zero is a 400 that names the field', async () => {
    const script = { path: 'f/demo/never', language: 'bash', content: '', timeout: -1 };
    expect(await millrace.text('POST', '/w/demo/scripts/create', 400, script)).toContain('timeout');
    const wish = '/w/demo/jobs/run/p/f/demo/bounded?timeout=-1';
    expect(await millrace.text('POST', wish, 400, {})).toContain('timeout');
    const setting = ['POST', '/settings/global/job_default_timeout', 400, { value: -1 }] as const;
    expect(await millrace.text(...setting)).toContain('job_default_timeout');
  });
});

describe('a job that deletes what it dealt with', () => {
  const MARK = 'a-mark-of-what-is-deleted';
  const CODE = `def main(x: str):\n    print(x * 600)\n    return x * 600`;
  /** Whether the payload bucket holds the mark anywhere. */
  const isKept = (): boolean => {
    const folder = join(millrace.home, 's3');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.some((file) => readFileSync(join(file.parentPath, file.name)).includes(MARK));
  };
  const gone = async (): Promise<boolean> => {
    for (let looks = 0; looks < 100 && isKept(); looks += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    return !isKept();
  };
  const WIPED = { args: {}, result: {}, logs: '##DELETED##', deleted: true, success: true };

  test('at its end answers its result once and leaves nothing of it', async () => {
    await millrace.script('f/demo/once', 'python3', CODE, { delete_after_use: true });
    const wish = '/w/demo/jobs/run_wait_result/p/f/demo/once';
    expect(await millrace.json('POST', wish, { x: MARK })).toBe(MARK.repeat(600));
    const [{ id }] = await millrace.json('GET', '/w/demo/jobs/list?script_path_exact=f/demo/once');
    expect(await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject(WIPED);
    expect(await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200)).not.toContain(MARK);
    expect(isKept()).toBe(false);
  });

  test('some time after is invisible from that moment on, and removed soon after', async () => {
    await millrace.script('f/demo/later', 'python3', CODE, { delete_after_secs: 60 });
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/later', 201, { x: MARK });
    expect(await millrace.completed(id)).toMatchObject({ result: MARK.repeat(600), deleted: false });
    expect(isKept()).toBe(true);
    millrace.cloud.clock.advance(61_000);
    expect(await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject(WIPED);
    expect(await gone()).toBe(true);
    expect(await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject(WIPED);
  });
});
