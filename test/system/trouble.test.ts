import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

/** Runs a preview and answers the error of its failed job. */
const failure = async (
  language: string,
  content: string,
  args: object = {},
): Promise<{ name: string; message: string }> => {
  const text = await millrace.text('POST', '/w/demo/jobs/run_wait_result/preview', 422, { language, content, args });
  return JSON.parse(text).error;
};

describe('a script in trouble fails its job with a reason, and the next job runs', () => {
  it('raises', async () => {
    expect(await failure('python3', 'def main():\n    raise ValueError("no")')).toMatchObject({
      name: 'ValueError',
      message: 'no',
    });
  });
  it('has a syntax error', async () => {
    expect(await failure('python3', 'def main(:\n  pass')).toMatchObject({ name: 'SyntaxError' });
  });
  it('has no main', async () => {
    expect((await failure('python3', 'x = 1')).message).toMatch(/main/);
  });
  it('exits by a signal', async () => {
    expect((await failure('bash', 'kill -SEGV $$')).message).toMatch(/SIGSEGV/);
  });
  it('exits with a code', async () => {
    expect((await failure('bash', 'echo oops; exit 3')).message).toMatch(/3/);
  });
  it('throws in TypeScript', async () => {
    expect(await failure('bun', 'export function main() { throw new TypeError("bad") }')).toMatchObject({
      name: 'TypeError',
      message: 'bad',
    });
  });
  it('runs over its time', async () => {
    await millrace.script('f/demo/slow', 'bash', 'sleep 30', { timeout: 1 });
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/slow', 201, {});
    const job = await millrace.completed(id);
    expect(job).toMatchObject({ success: false, canceled_by: 'timeout' });
    expect(job.duration_ms).toBeLessThan(3000);
  });
  it('and the next job runs', async () => {
    expect(
      await millrace.json('POST', '/w/demo/jobs/run_wait_result/preview', {
        language: 'python3',
        content: 'def main(): return 1',
      }),
    ).toBe(1);
  });
});

describe('a cancel', () => {
  it('of a running job kills its process at the next control poll', async () => {
    await millrace.script(
      'f/demo/forever',
      'python3',
      'import time\ndef main():\n    print("up", flush=True)\n    time.sleep(60)',
    );
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/forever', 201, {});
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).running) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, { reason: 'enough' })).toBe(id);
    const asked = Date.now();
    const job = await millrace.completed(id);
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect(job).toMatchObject({ canceled: true, canceled_by: 'admin', canceled_reason: 'enough', success: false });
    expect(job.result.error.name).toBe('Canceled');
  });

  it('of a queued job ends it at once', async () => {
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview?scheduled_in_secs=600', 201, {
      language: 'bash',
      content: 'echo 1',
    });
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, {});
    expect(await millrace.completed(id, 1000)).toMatchObject({ canceled: true, success: false });
  });
});

describe('bad input is refused in plain text that names it', () => {
  it.each([
    ['an unknown workspace', 'POST', '/w/nowhere/jobs/run/p/f/a/b', {}, 404, /nowhere/],
    ['an unknown path', 'POST', '/w/demo/jobs/run/p/f/a/b', {}, 404, /f\/a\/b/],
    ['an unknown hash', 'POST', '/w/demo/jobs/run/h/0123456789abcdef', {}, 404, /0123456789abcdef/],
    ['an unknown job', 'GET', '/w/demo/jobs_u/get/00000000-0000-7000-8000-000000000000', undefined, 404, /00000000/],
    ['a bad UUID', 'GET', '/w/demo/jobs_u/get/123', undefined, 400, /id/],
    [
      'a bad query value',
      'POST',
      '/w/demo/jobs/run/preview?timeout=soon',
      { content: 'x', language: 'bash' },
      400,
      /timeout/,
    ],
    ['a body that is not JSON', 'POST', '/w/demo/scripts/create', '{', 400, /JSON/],
    [
      'a language that does not run here',
      'POST',
      '/w/demo/scripts/create',
      { path: 'f/a/b', content: 'x', summary: '', language: 'go' },
      400,
      /go.*python3/,
    ],
    ['an unknown route', 'GET', '/w/demo/nothing', undefined, 404, /route/],
  ])('%s', async (_what, method, path, body, status, message) => {
    expect(await millrace.text(method, path, status, body)).toMatch(message);
  });

  it('no token, or a wrong one', async () => {
    for (const authorization of ['', 'Bearer wrong']) {
      const response = await millrace.request('GET', '/w/demo/jobs/list', undefined, { authorization });
      expect(response.status).toBe(401);
    }
  });

  it('a body over the limit', async () => {
    const response = await millrace.request('POST', '/w/demo/jobs/run/preview', {
      content: 'x'.repeat(7_000_000),
      language: 'bash',
    });
    expect(response.status).toBe(413);
  });
});
