import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

const MB = 1024 * 1024;
/** MB of a large result and of large arguments; `npm run test:large` sets it to what is allowed at most. */
const LARGE = Number(process.env.MILLRACE_LARGE_MB ?? 24);

let millrace: Millrace;
beforeAll(async () => {
  // At AWS's 2 MB a second the answers alone would take minutes.
  millrace = await Millrace.start({ streamingLimits: null });
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

/** Peak resident memory of a function's processes, in bytes. */
const peakOf = (word: string): number => {
  const name = millrace.cloud.functionNamed(word);
  const peaks = readdirSync('/proc').flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`AWS_LAMBDA_FUNCTION_NAME=${name}\0`)) return [];
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
      return peak?.[1] === undefined ? [] : [Number(peak[1]) * 1024];
    } catch {
      return [];
    }
  });
  return Math.max(...peaks);
};

const digestOf = async (response: Response): Promise<{ bytes: number; sha256: string }> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
};
const digestOfText = (text: string) => ({
  bytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
});

const PREVIEW = '/w/demo/jobs/run/preview';
const WAIT = '/w/demo/jobs/run_wait_result/preview';
const python = (content: string) => ({ language: 'python3', content });
/** A result of exactly `bytes` bytes of JSON. */
const ofSize = (bytes: number) => python(`def main():\n    return {"x": "y" * (${bytes} - 8)}\n`);
const textOfSize = (bytes: number): string => `{"x":"${'y'.repeat(bytes - 8)}"}`;
const patience = 30_000 + LARGE * 1_000;

describe(`a result of ${LARGE} MB`, () => {
  let id = '';
  const expected = digestOfText(textOfSize(LARGE * MB));

  it('ends its job as a success, and is a placeholder within it', { timeout: patience }, async () => {
    id = await millrace.text('POST', PREVIEW, 201, ofSize(LARGE * MB));
    expect(await millrace.completed(id, patience)).toMatchObject({ success: true, result: 'WINDMILL_TOO_BIG' });
  });

  it('is whole wherever it was asked for, to the byte', { timeout: patience }, async () => {
    const read = (path: string) => millrace.request('GET', `/w/demo/jobs_u/${path}`);
    expect(await digestOf(await read(`completed/get_result/${id}`))).toEqual(expected);
    const maybe = await (await read(`completed/get_result_maybe/${id}`)).text();
    expect(maybe.startsWith('{"completed":true,"success":true,"started":true,"result":{"x":"yyy')).toBe(true);
    expect(maybe.length).toBe(expected.bytes + '{"completed":true,"success":true,"started":true,"result":}'.length);
    const events = await (await read(`getupdate_sse/${id}?only_result=true`)).text();
    const start = events.indexOf('"only_result":') + '"only_result":'.length;
    expect(digestOfText(events.slice(start, start + expected.bytes))).toEqual(expected);
  });

  it('is what a synchronous run answers', { timeout: patience }, async () => {
    const waited = await millrace.request('POST', WAIT, ofSize(LARGE * MB));
    expect([waited.status, await digestOf(waited)]).toEqual([200, expected]);
  });

  it('did not pass through the memory of the functions that ran the job and read it', () => {
    for (const name of ['dispatch', 'wait', 'stream']) {
      expect([name, peakOf(name) / MB < 230]).toEqual([name, true]);
    }
  });
});

describe('a large result', () => {
  it('of bash is its result.json as it stands', { timeout: 30_000 }, async () => {
    const content = 'printf \'{"z":1.0, "x":"%s"}\' "$(head -c 11000000 /dev/zero | tr "\\\\0" y)" > result.json';
    const id = await millrace.text('POST', PREVIEW, 201, { language: 'bash', content });
    expect(await millrace.completed(id, 30_000)).toMatchObject({ success: true });
    const result = await millrace.text('GET', `/w/demo/jobs_u/completed/get_result/${id}`, 200);
    expect(result === `{"z":1.0, "x":"${'y'.repeat(11_000_000)}"}`).toBe(true);
  });

  it('that is no JSON fails its job, and breaks no reader', { timeout: 30_000 }, async () => {
    const content = 'head -c 11000000 /dev/zero | tr "\\\\0" y > result.json';
    const id = await millrace.text('POST', PREVIEW, 201, { language: 'bash', content });
    const { success, result } = await millrace.completed(id, 30_000);
    expect([success, result.error]).toEqual([
      false,
      { name: 'InvalidResult', message: 'The result is not JSON: unexpected "y" at byte 0' },
    ]);
  });

  it('over 100 MB fails its job, naming both sizes', { timeout: 60_000 }, async () => {
    const content = 'truncate -s 110000000 result.json';
    const id = await millrace.text('POST', PREVIEW, 201, { language: 'bash', content });
    const { success, result } = await millrace.completed(id, 30_000);
    expect([success, result.error.name]).toEqual([false, 'ResultTooLarge']);
    expect(result.error.message).toMatch(/110000000 bytes.*104857600/);
  });
});

type Place = { upload_url: string; headers: Record<string, string>; args_ref: string };
const stated = (text: string) => digestOfText(text);
const placeFor = (text: string): Promise<Place> => millrace.json('POST', '/w/demo/jobs/args_upload', stated(text));
const put = (place: Place, body: string, headers: Record<string, string> = place.headers): Promise<Response> =>
  fetch(place.upload_url, { method: 'PUT', body, headers });
const uploaded = async (text: string): Promise<string> => {
  const place = await placeFor(text);
  expect((await put(place, text)).status).toBe(200);
  return place.args_ref;
};
const LENGTH = { language: 'python3', content: 'def main(x, **more):\n    return [len(x), sorted(more)]\n' };

describe('arguments that were uploaded', () => {
  it(`of ${LARGE} MB reach their script, and are read back to the byte`, { timeout: patience }, async () => {
    const text = textOfSize(LARGE * MB);
    const ref = await uploaded(text);
    const id = await millrace.text('POST', `${PREVIEW}?args_ref=${ref}`, 201, LENGTH);
    expect(id).toBe(ref);
    expect(await millrace.completed(id, patience)).toMatchObject({ result: [text.length - 8, []] });
    expect(await digestOf(await millrace.request('GET', `/w/demo/jobs_u/get_args/${id}`))).toEqual(digestOfText(text));
    expect(await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject({
      args: { reason: 'WINDMILL_TOO_BIG' },
    });
    expect(peakOf('webhook') / MB).toBeLessThan(200);
  });

  it('make one job: the same request again answers it, another is refused', async () => {
    await millrace.script('f/demo/length', LENGTH.language, LENGTH.content);
    const ref = await uploaded('{"x":"abc", "n": 12345678901234567890}');
    const run = (path: string) => millrace.request('POST', `/w/demo/jobs/${path}?args_ref=${ref}`);
    expect(await (await run('run_wait_result/p/f/demo/length')).json()).toEqual([3, ['n']]);
    expect(await (await run('run/p/f/demo/length')).text()).toBe(ref);
    expect((await millrace.request('POST', `${PREVIEW}?args_ref=${ref}`, LENGTH)).status).toBe(422);
    expect(await millrace.text('GET', `/w/demo/jobs_u/get_args/${ref}`, 200)).toContain('12345678901234567890');
  });

  it('belong to who asked for their place, in that workspace', async () => {
    await millrace.workspace('other');
    await millrace.text('POST', '/users/create', 201, { email: 'eve@x.io', password: 'long enough' });
    await millrace.text('POST', '/w/demo/workspaces/add_user', 201, { email: 'eve@x.io' });
    const eve = await millrace.text('POST', '/auth/login', 200, { email: 'eve@x.io', password: 'long enough' });
    const ref = await uploaded('{"x":""}');
    const asEve = { authorization: `Bearer ${eve}` };
    const tried = () => millrace.request('POST', `${PREVIEW}?args_ref=${ref}`, LENGTH, asEve);
    // Who is a member is known to every function within a second.
    await expect.poll(async () => (await tried()).status, { timeout: 3_000, interval: 200 }).toBe(404);
    expect(await (await tried()).text()).toContain('is not yours');
    await millrace.text('POST', `/w/other/jobs/run/preview?args_ref=${ref}`, 404, LENGTH);
    await millrace.text('POST', `${PREVIEW}?args_ref=${ref}`, 201, LENGTH);
  });

  it('are what was stated, put once, and nothing else', async () => {
    const place = await placeFor('{"x":1}');
    const refused = [
      await put(place, '{"x":2}'),
      await put(place, '{"x":10}'),
      await put(place, '{"x":1}', {}),
      await put({ ...place, upload_url: place.upload_url.replace('/args/', '/result/') }, '{"x":1}'),
      await fetch(place.upload_url),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 403, 403, 403, 403]);
    expect(await millrace.text('POST', `${PREVIEW}?args_ref=${place.args_ref}`, 400, LENGTH)).toContain(
      'nothing was uploaded',
    );
    expect([(await put(place, '{"x":1}')).status, (await put(place, '{"x":1}')).status]).toEqual([200, 412]);
  });

  it.each([
    ['[1]', 'it is something else'],
    ['{"x":', 'JSON'],
    [`[${'1,'.repeat(4 * MB)}1]`, 'it is something else'],
    [`{"x":"${'y'.repeat(7 * MB)}"`, 'it ends too early'],
    [`{"x":"${'y'.repeat(7 * MB)}","z":"$var:f/demo/secret"}`, 'references'],
  ])('that cannot be arguments are refused with a reason (%#)', async (text, reason) => {
    const answer = await millrace.text('POST', `${PREVIEW}?args_ref=${await uploaded(text)}`, 400, LENGTH);
    expect(answer).toContain(reason);
  });

  it('stand alone: what would add to them or rename their job is refused', async () => {
    const ref = await uploaded('{"x":""}');
    const refused = (query: string, body: object, headers = {}) =>
      millrace.text('POST', `${PREVIEW}?args_ref=${ref}${query}`, 400, body, headers);
    expect(await refused('', { ...LENGTH, args: { y: 1 } })).toContain('cannot add any');
    expect(await refused('&include_query=a', LENGTH)).toContain('include_query cannot add any');
    expect(await refused('', LENGTH, { 'idempotency-key': 'k' })).toContain('leave out job_id');
  });

  it('of more than 100 MB get no place', async () => {
    const body = { bytes: 100 * MB + 1, sha256: '0'.repeat(64) };
    expect(await millrace.text('POST', '/w/demo/jobs/args_upload', 413, body)).toContain('104857600');
  });
});

describe('a request', () => {
  it.each(['run', 'run_wait_result'])('to %s is taken up to almost 6 MB, and refused beyond', async (way) => {
    const send = async (bytes: number) => {
      const response = await millrace.request('POST', `/w/demo/jobs/${way}/p/f/demo/length`, textOfSize(bytes));
      await response.text();
      return response.status;
    };
    // The whole event counts, in which each quote of the body has an escape.
    expect([await send(5.9 * MB), await send(6.1 * MB)]).toEqual([way === 'run' ? 201 : 200, 413]);
  });
});
