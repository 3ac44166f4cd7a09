import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

describe('a cancel', () => {
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
