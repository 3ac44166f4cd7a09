import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { memberOfDemo } from '../trust/people.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

let millrace: Millrace;
let ann: Client;
let hook: string;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<RawAnswer> =>
  rawRequest(millrace.url, path, { method, headers, ...(body === undefined ? {} : { body }) });
/** A job that is due in an hour: what it was given can be read without anything running. */
const later = async (
  body: string | Uint8Array,
  type: string,
  query = '',
): Promise<{ status: number; text: string; args: string }> => {
  const path = `/w/demo/jobs/run/p/f/a/x?scheduled_in_secs=3600${query}`;
  const response = await millrace.request('POST', path, body, { 'content-type': type });
  const text = await response.text();
  const args = response.status === 201 ? await millrace.text('GET', `/w/demo/jobs_u/get_args/${text}`, 200) : '';
  return { status: response.status, text, args };
};

beforeAll(async () => {
  millrace = await Millrace.start();
  for (const workspace of ['demo', 'demo1', 'demo10']) await millrace.workspace(workspace);
  ann = await memberOfDemo(millrace, 'ann@x.io');
  await millrace.text('POST', '/w/demo/folders/create', 200, { name: 'a', extra_perms: { 'u/ann': true } });
  await millrace.text('POST', '/w/demo/folders/create', 200, { name: 'ab' });
  for (const path of ['f/a/x', 'f/ab/x']) await millrace.script(path, 'bash', 'echo hello');
  hook = await millrace.text('POST', '/users/tokens/create', 201, { scopes: ['jobs:run:scripts:f/a/*'] });
}, 60_000);

afterAll(() => millrace.stop());

/** Ways in which rules that look at the beginning or end of a path, or at another spelling of it, were passed elsewhere. */
const tricksOn = (path: string): string[] => [
  ...['/health', '/configs', '/ready', '/version', '/login', '.json', '.', '/', '//', '/.', '/..', ';', ';/health'].map(
    (end) => path + end,
  ),
  ...['%2fhealth', '%2Fversion', '%00', '%20', '%3b', '%23/health', '?/api/health', '?path=/health', '%3f/health'].map(
    (end) => path + end,
  ),
  ...[
    '/api/health/..',
    '/api/version/%2e%2e',
    '/api/openapi.json/..',
    '/api/auth/login/..;',
    '/api/health/%2e%2e%2f',
  ].map((start) => start + path.slice('/api'.length)),
  `/${path}`,
  path.replace('/api/', '/api//'),
  path.replace('/api/', '/api/./'),
  path.replace('/api/', '/API/'),
  path.replace('/api/', '/api/%2e/'),
  path.replace('/api/', '/%61pi/'),
  path.replaceAll('/', '\\'),
  path.toUpperCase(),
  path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
];
const REFUSED = [400, 401, 403, 404, 405];

describe('a path that is spelt another way', () => {
  test.each([
    '/api/w/demo/jobs/list',
    '/api/w/demo/scripts/list',
    '/api/users/whoami',
    '/api/w/demo/scripts/get/p/f/a/x',
  ])('opens %s to nobody', async (path) => {
    const answers = await Promise.all(tricksOn(path).map(async (trick) => [trick, (await ask(trick)).status] as const));
    expect(answers.filter(([, status]) => !REFUSED.includes(status))).toEqual([]);
  });

  test('gives a webhook token no script but its own', async () => {
    const run = '/api/w/demo/jobs/run/p';
    const spelt = [
      'f/a/../ab/x',
      'f/a/%2e%2e/ab/x',
      'f/a/x/../../ab/x',
      'f%2fab%2fx',
      'f%252fab%252fx',
      'f/a/x;/../f/ab/x',
      'f/a//x',
      'F/AB/X',
      'f/ab/x.',
      'f/ab/x%00',
      '/f/ab/x',
      './f/ab/x',
      'f/a/%2fab/x',
      'f\\ab\\x',
    ];
    for (const path of spelt) {
      const { status, text } = await ask(`${run}/${path}`, bearer(hook), 'POST', '{}');
      expect([path, REFUSED.includes(status), text]).toEqual([path, true, text]);
    }
    expect((await ask(`${run}/f/a/x?scheduled_in_secs=3600`, bearer(hook), 'POST', '{}')).status).toBe(201);
  });

  test('or a header that names another one changes nothing', async () => {
    const pretend = {
      'x-http-method-override': 'GET',
      'x-method-override': 'GET',
      'x-original-url': '/api/health',
      'x-rewrite-url': '/api/health',
      'x-forwarded-prefix': '/api/health',
      'x-forwarded-user': 'admin@millrace.dev',
      'x-millrace-origin': 'guess',
    };
    expect((await ask('/api/w/demo/jobs/list', pretend)).status).toBe(401);
    expect((await ask('/api/version', { 'x-original-url': '/api/w/demo/jobs/list' })).text).toMatch(/^Millrace v/);
    const reader = await ann.text('POST', '/users/tokens/create', 201, { read_only: true });
    const overridden = { ...bearer(reader), 'x-http-method-override': 'POST' };
    expect((await ask('/api/w/demo/scripts/create', overridden)).status).toBe(405);
    const body = JSON.stringify({ path: 'f/a/y', language: 'bash', content: '', summary: '' });
    expect((await ask('/api/w/demo/scripts/create', { ...bearer(reader), ...pretend }, 'POST', body)).status).toBe(403);
  });

  test('as HEAD, OPTIONS or a method that nothing here has, is no way in', async () => {
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
      const { status, text } = await ask('/api/w/demo/jobs/list', {}, method);
      expect([method, [204, ...REFUSED].includes(status), text.includes('[')]).toEqual([method, true, false]);
    }
    const head = await ask('/api/w/demo/jobs/list', bearer(millrace.token), 'HEAD');
    expect(head).toMatchObject({ status: 200, text: '' });
  });
});

describe('answers', () => {
  test('say what they are and are kept by nobody, errors too', async () => {
    const answers = await Promise.all([
      ask('/api/version'),
      ask('/api/w/demo/jobs/list', bearer(millrace.token)),
      ask('/api/w/demo/jobs/list'),
      ask('/api/nothing'),
      ask('/api/w/demo/jobs_u/get/no-uuid', bearer(millrace.token)),
      ask('/api/w/demo/jobs_u/get_logs/0196a5f0-0000-7000-8000-000000000000', bearer(millrace.token)),
      ask('/api/w/demo/jobs/run_wait_result/p/f/a/nothing', bearer(millrace.token), 'POST', '{}'),
    ]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });

  test('repeat nothing of a request as a page', async () => {
    const script = '%3Cscript%3Ealert(1)%3C/script%3E';
    for (const path of [
      `/api/${script}`,
      `/api/w/${script}/jobs/list`,
      `/api/w/demo/jobs_u/get/${script}`,
      `/api/w/demo/scripts/get/p/f/a/${script}`,
      `/api/w/demo/jobs/list?status=${script}`,
    ]) {
      const { headers } = await ask(path, bearer(millrace.token));
      expect([path, headers['content-type'], headers['x-content-type-options']]).toEqual([
        path,
        'text/plain',
        'nosniff',
      ]);
    }
  });

  test('never let another site use a session', async () => {
    const body = { email: 'ann@x.io', password: 'the password of ann@x.io' };
    const cookie = `token=${await millrace.text('POST', '/auth/login', 200, body)}`;
    const from = (site: string) => ({ cookie, origin: 'https://attacker.example', 'sec-fetch-site': site });
    const script = JSON.stringify({ path: 'f/a/csrf', language: 'bash', content: 'id', summary: '' });
    for (const site of ['cross-site', 'same-site']) {
      expect((await ask('/api/users/whoami', from(site))).status).toBe(401);
      expect((await ask('/api/w/demo/scripts/create', from(site), 'POST', script)).status).toBe(401);
      expect((await ask('/api/w/demo/jobs/run/p/f/a/x', from(site), 'POST', '{}')).status).toBe(401);
    }
    expect((await ask('/api/users/whoami', { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    const preflight = { origin: 'https://attacker.example', 'access-control-request-method': 'POST' };
    for (const path of [
      '/api/users/whoami',
      '/api/w/demo/jobs/run/p/f/a/x',
      '/api/w/demo/jobs/run_wait_result/p/f/a/x',
    ]) {
      for (const answer of [await ask(path, preflight, 'OPTIONS'), await ask(path, { cookie, ...preflight })])
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  test('to a cookie that is no text are refusals', async () => {
    expect((await ask('/api/users/whoami', { cookie: 'token=%zz; token=%' })).status).toBe(401);
  });
});

describe('what a webhook is sent', () => {
  const JSON_TYPE = 'application/json';

  test('arrives as data under every name, and pollutes nothing', async () => {
    const named = '{"__proto__":{"is_admin":true},"constructor":{"prototype":{"is_admin":true}},"toString":"x"}';
    expect((await later(named, JSON_TYPE)).args).toBe(named);
    const fields = await later('__proto__=a&constructor=b&hasOwnProperty=c', 'application/x-www-form-urlencoded');
    expect(fields.args).toBe('{"__proto__":"a","constructor":"b","hasOwnProperty":"c"}');
    const form = '--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\na\r\n--x--\r\n';
    expect((await later(form, 'multipart/form-data; boundary=x')).args).toBe('{"__proto__":"a"}');
    const byQuery = await later(
      '{}',
      JSON_TYPE,
      '&__proto__=q&include_query=__proto__,constructor&include_header=__proto__',
    );
    expect(byQuery.args).toBe('{"__proto__":"q"}');
    expect(await ann.json('GET', '/w/demo/users/whoami')).toMatchObject({ is_admin: false });
  });

  test('keeps its numbers, and of a name given twice both', async () => {
    const text = '{"big":9007199254740993,"small":1e-400,"a":1,"a":2}';
    expect((await later(text, JSON_TYPE)).args).toBe(text);
  });

  test('of 500 levels is taken, of more refused, and nothing falls over', async () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect((await later(nested(499), JSON_TYPE)).status).toBe(201);
    for (const levels of [500, 1_000, 100_000, 1_000_000]) {
      const { status, text } = await later(nested(levels), JSON_TYPE);
      expect([levels, status, text]).toEqual([levels, 400, expect.stringContaining('500 levels')]);
    }
    const deep = await millrace.request('POST', '/w/demo/scripts/create', nested(100_000));
    expect(deep.status).toBe(400);
    expect((await ask(`/api/w/demo/jobs/list?args=${'['.repeat(3_000)}`, bearer(millrace.token))).status).toBe(400);
    expect((await later('{"x":"[[[[\\"[["}', JSON_TYPE)).status).toBe(201);
  });

  test('is 413 when it is too large, and the next one is answered', async () => {
    const large = `{"a":"${'x'.repeat(7 * 1024 * 1024)}"}`;
    expect((await later(large, JSON_TYPE)).status).toBe(413);
    expect((await later('x'.repeat(11 * 1024 * 1024), 'text/plain')).status).toBe(413);
    expect((await later('{}', JSON_TYPE)).status).toBe(201);
  });

  test('is what its content type says and nothing else, or refused', async () => {
    const upload =
      '{"file":{"filepath":"/etc/passwd","originalFilename":"x"},"data":{"files":{"f":{"filepath":"/etc/passwd"}}}}';
    expect((await later(upload, JSON_TYPE)).args).toBe(upload);
    expect((await later(upload, 'multipart/form-data')).status).toBe(400);
    expect((await later(upload, 'multipart/form-data; boundary=y')).status).toBe(400);
    const text = await later(upload, 'text/plain');
    expect(JSON.parse(text.args)).toEqual({ raw_string: upload });
    expect((await later('a=1', JSON_TYPE)).status).toBe(400);
    expect((await later(new Uint8Array([0xff, 0xfe, 0x7b, 0]), JSON_TYPE)).status).toBe(400);
    const file = '--x\r\nContent-Disposition: form-data; name="f"; filename="../../etc/passwd"\r\n\r\na\r\n--x--\r\n';
    expect((await later(file, 'multipart/form-data; boundary=x')).status).toBe(400);
  });
});

describe('filters and pages', () => {
  const list = async (query: string, who: Client = millrace): Promise<{ status: number; text: string }> => {
    const response = await who.request('GET', `/w/demo/jobs/list?${query}`);
    return { status: response.status, text: await response.text() };
  };

  test('are values, never expressions', async () => {
    await later('{}', 'application/json');
    for (const name of ['script_path_exact', 'created_by', 'tag', 'label', 'worker', 'schedule_path', 'broad_filter'])
      for (const value of ['#', ':partition', '#sort', 'demo10#', '$ne', '" OR 1=1 --', '[$ne]=1', '%00'])
        expect([
          name,
          value,
          await list(`${name}=${value.startsWith('%') ? value : encodeURIComponent(value)}`),
        ]).toEqual([name, value, { status: 200, text: '[]' }]);
  });

  test.each([
    `script_path_exact=${'x'.repeat(1_001)}`,
    'page=-1',
    'page=99999999999999999999',
    'per_page=0',
    'per_page=1e9',
    'created_after=now()',
    'parent_job=%27%3b--',
    'args=%7b',
  ])('that mean nothing are a 400: %.40s', async (query) => {
    expect((await list(query)).status).toBe(400);
  });

  test('of many are at most 100', async () => {
    await millrace.json('POST', '/w/demo10/jobs/add_batch_jobs/120', {
      kind: 'rawscript',
      rawscript: { content: 'true', language: 'bash' },
      tag: 'tag-without-workers',
    });
    const all = await millrace.json('GET', '/w/demo10/jobs/list?per_page=100000');
    expect(all).toHaveLength(100);
    expect(await millrace.json('GET', '/w/demo10/jobs/list?per_page=100&page=2')).toHaveLength(20);
  });

  test('do not cross from a workspace into one whose name goes on', async () => {
    const { text: id } = await later('{}', 'application/json');
    for (const workspace of ['demo1', 'demo10']) {
      expect(JSON.stringify(await millrace.json('GET', `/w/${workspace}/jobs/list`))).not.toContain(id);
      expect(await millrace.json('GET', `/w/${workspace}/scripts/list`)).toEqual([]);
      expect((await millrace.request('GET', `/w/${workspace}/jobs_u/get/${id}`)).status).toBe(404);
      expect(JSON.stringify(await millrace.json('GET', `/w/${workspace}/folders/listnames`))).not.toContain('ab');
    }
    expect(await millrace.json('GET', '/w/demo1/jobs/list')).toEqual([]);
  });

  test('do not cross from a folder into one whose name goes on', async () => {
    const other = '/w/demo/jobs/run/p/f/ab/x?scheduled_in_secs=3600';
    const hidden = await millrace.text('POST', other, 201, {});
    const { text: shown } = await later('{}', 'application/json');
    for (const query of ['', 'script_path_start=f/a', 'script_path_start=f/ab', 'script_path_exact=f/ab/x']) {
      const { text } = await list(query, ann);
      expect([query, text.includes(hidden)]).toEqual([query, false]);
    }
    expect((await list('script_path_start=f/a/', ann)).text).toContain(shown);
    expect(JSON.stringify(await ann.json('GET', '/w/demo/scripts/list?path_start=f/a'))).not.toContain('f/ab/x');
    expect((await ann.request('POST', other, {})).status).toBe(403);
    expect((await ann.request('GET', '/w/demo/scripts/get/p/f/ab/x')).status).toBe(403);
  });

  test('of a workspace that cannot be are refused before anything is looked up', async () => {
    for (const workspace of ['demo%23access', 'x'.repeat(3_000), 'demo%00', '..', '%2e%2e', 'demo%2f..%2fdemo10'])
      for (const token of [millrace.token, ann.token]) {
        const { status } = await ask(`/api/w/${workspace}/jobs/list`, bearer(token));
        expect([workspace.slice(0, 20), REFUSED.includes(status)]).toEqual([workspace.slice(0, 20), true]);
      }
  });
});
