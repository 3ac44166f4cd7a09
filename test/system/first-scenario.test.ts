import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

const HELLO = `
import time

def main(name: str, times: int = 1):
    for i in range(3):
        print(f"line {i}", flush=True)
        time.sleep(0.7)
    return " ".join([f"Hello {name}"] * times)
`;

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('a webhook runs a deployed script as a job', () => {
  it('queued, running with live log lines, completed with its result', async () => {
    const hash = await millrace.script('f/demo/hello', 'python3', HELLO);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);

    const response = await millrace.request('POST', '/w/demo/jobs/run/p/f/demo/hello', { name: 'x', unknown: 1 });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const id = await response.text();
    expect(id).toMatch(UUID);

    const types: string[] = [];
    const lengths: number[] = [];
    let offset = 0;
    let log = '';
    const until = Date.now() + 15_000;
    while (Date.now() < until) {
      const job = await millrace.json('GET', `/w/demo/jobs_u/get/${id}?no_logs=true`);
      types.push(job.type === 'CompletedJob' ? 'completed' : job.running ? 'running' : 'queued');
      const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${offset}`);
      log += update.new_logs ?? '';
      offset = update.log_offset ?? offset;
      lengths.push(log.length);
      if (update.completed) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([...new Set(types)].at(-1) === 'completed' || types.includes('running')).toBe(true);
    expect(types).toContain('running');
    expect(log).toContain('line 0\nline 1\nline 2\n');
    // The log grew while the job ran: some reader saw the first line before the last.
    expect(new Set(lengths).size).toBeGreaterThan(2);

    const job = await millrace.completed(id);
    expect(job).toMatchObject({
      type: 'CompletedJob',
      id,
      success: true,
      canceled: false,
      job_kind: 'script',
      script_path: 'f/demo/hello',
      script_hash: hash,
      language: 'python3',
      tag: 'python3',
      args: { name: 'x', unknown: 1 },
      result: 'Hello x',
    });
    expect(job.duration_ms).toBeGreaterThan(2000);
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result/${id}`)).toBe('Hello x');
    expect(await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`, 200)).toBe(log);
  });

  it('answers the result at once when asked to wait, by path and by hash', async () => {
    const hash = await millrace.script('f/demo/add', 'python3', 'def main(a: int, b: int = 2):\n    return a + b\n');
    expect(await millrace.json('POST', '/w/demo/jobs/run_wait_result/p/f/demo/add', { a: 40, other: true })).toBe(42);
    expect(await millrace.json('POST', `/w/demo/jobs/run_wait_result/h/${hash}`, { a: 1, b: 1 })).toBe(2);
    const payload = Buffer.from(JSON.stringify({ a: 5 })).toString('base64url');
    expect(await millrace.json('GET', `/w/demo/jobs/run_wait_result/p/f/demo/add?payload=${payload}`)).toBe(7);
  });

  it('runs code that comes with the request, in every language', async () => {
    const preview = (language: string, content: string, args: object) =>
      millrace.json('POST', '/w/demo/jobs/run_wait_result/preview', { language, content, args });
    expect(await preview('python3', 'def main(x): return {"x": x}', { x: [1, 'a', null] })).toEqual({
      x: [1, 'a', null],
    });
    expect(await preview('bash', 'name="$1"\necho "Hello $name"', { name: 'bash' })).toBe('Hello bash');
    expect(
      await preview('bun', 'export async function main(a: number, b = 3) { return { sum: a + b } }', { a: 4 }),
    ).toEqual({ sum: 7 });
    expect(
      await preview('bun', '//nodejs\nexport function main(): string { return process.versions.bun ?? "node" }', {}),
    ).toBe('node');
  });

  it('keeps an old version runnable by its hash when a new one is deployed', async () => {
    const old = await millrace.script('f/demo/version', 'python3', 'def main(): return "old"');
    const fresh = await millrace.script('f/demo/version', 'python3', 'def main(): return "new"', { parent_hash: old });
    expect(fresh).not.toBe(old);
    expect(await millrace.json('POST', '/w/demo/jobs/run_wait_result/p/f/demo/version', {})).toBe('new');
    expect(await millrace.json('POST', `/w/demo/jobs/run_wait_result/h/${old}`, {})).toBe('old');
  });

  it('makes one job of a request repeated under one Idempotency-Key', async () => {
    await millrace.script('f/demo/once', 'python3', 'def main(n: int = 0): return n');
    const headers = { 'idempotency-key': 'order-17' };
    const first = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/once', 201, { n: 1 }, headers);
    const again = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/once', 201, { n: 1 }, headers);
    expect(again).toBe(first);
    expect(await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/once', 422, { n: 2 }, headers)).toContain(
      'Idempotency-Key',
    );
  });
});
