import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const PREVIEW = '/w/demo/jobs/run/preview';
const python = (main: string) => ({ language: 'python3', content: `def main():\n    ${main}\n` });
const completed = async (main: string): Promise<string> => {
  const id = await millrace.text('POST', PREVIEW, 201, python(main));
  await millrace.completed(id);
  return id;
};
/** Everywhere a result is read, as the text that is sent. */
const readers = (id: string): string[] => [
  `/w/demo/jobs_u/get/${id}`,
  `/w/demo/jobs_u/completed/get/${id}`,
  `/w/demo/jobs_u/completed/get_result/${id}`,
  `/w/demo/jobs_u/completed/get_result_maybe/${id}`,
];

describe('a result', () => {
  it('comes back as the script gave it, large numbers and order of keys included, from every reader', async () => {
    const main = 'return {"z": 12345678901234567890, "f": 1.0, "a": [1e-7, None, True, "ü\\u0000"]}';
    const exact = '"z":12345678901234567890,"f":1.0,"a":[1e-07,null,true,"';
    const id = await completed(main);
    for (const reader of readers(id)) expect(await millrace.text('GET', reader, 200)).toContain(exact);
    const waited = await millrace.request('POST', '/w/demo/jobs/run_wait_result/preview', python(main));
    expect(await waited.text()).toContain(exact);
  });

  it('that is not there yet has all four keys that the Python client indexes', async () => {
    const id = await millrace.text('POST', `${PREVIEW}?scheduled_in_secs=600`, 201, python('return 1'));
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result_maybe/${id}`)).toEqual({
      completed: false,
      started: false,
      success: false,
      result: null,
    });
  });

  it('of arguments that JavaScript cannot hold is exact, from webhook to script and back', async () => {
    await millrace.script('f/demo/echo', 'python3', 'def main(**given):\n    return given\n');
    const body = '{\n "n": 12345678901234567890, "f": 1.0, "__proto__": "kept"}';
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/echo', 201, body);
    await millrace.completed(id);
    const exact = '{"n":12345678901234567890,"f":1.0,"__proto__":"kept"}';
    expect(await millrace.text('GET', `/w/demo/jobs_u/completed/get_result/${id}`, 200)).toBe(exact);
    expect(await millrace.text('GET', `/w/demo/jobs_u/get_args/${id}`, 200)).toBe(body);
    const events = await millrace.text('GET', `/w/demo/jobs_u/getupdate_sse/${id}`, 200);
    expect(
      events
        .trimEnd()
        .split('\n\n')
        .every((event) => event.startsWith('data: {') && event.endsWith('}')),
    ).toBe(true);
  });

  it('has null where Python has no number', async () => {
    const id = await completed('return [float("nan"), float("inf"), 1]');
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result/${id}`)).toEqual([null, null, 1]);
  });

  it('of nothing is null, also on the wire', async () => {
    const id = await completed('pass');
    expect(await millrace.text('GET', `/w/demo/jobs_u/completed/get_result/${id}`, 200)).toBe('null');
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result_maybe/${id}`)).toMatchObject({
      completed: true,
      success: true,
      result: null,
    });
  });

  it('of 7 MB is whole where the result is asked for, and a placeholder within the job', async () => {
    const id = await completed('return "x" * 7_000_000');
    const [job, , result, maybe] = await Promise.all(readers(id).map((reader) => millrace.request('GET', reader)));
    expect(await result?.text()).toBe(JSON.stringify('x'.repeat(7_000_000)));
    expect(await job?.json()).toMatchObject({ result: 'WINDMILL_TOO_BIG' });
    expect(await maybe?.json()).toMatchObject({ result: 'x'.repeat(7_000_000) });
    const waited = await millrace.request(
      'POST',
      '/w/demo/jobs/run_wait_result/preview',
      python('return "x" * 7_000_000'),
    );
    expect([waited.status, (await waited.text()).length]).toEqual([200, 7_000_002]);
  });

  it('of a size between item and object is the same everywhere', async () => {
    for (const size of [250, 400, 8_000, 9_000, 80_000]) {
      const id = await completed(`return "x" * ${size}`);
      for (const reader of readers(id))
        expect(await millrace.text('GET', reader, 200)).toContain(`"${'x'.repeat(size)}"`);
    }
  });

  it('that is no JSON fails its job with a reason', async () => {
    const id = await completed('x = []; x.append(x); return x');
    const { success, result } = await millrace.completed(id);
    expect([success, result.error.message]).toEqual([false, expect.stringMatching(/JSON|serial|circular/i)]);
  });
});

describe('a result that says more than its value', () => {
  const marks = (fields: object) => python(`return ${JSON.stringify(fields)}`);

  it('puts labels on its job, beside those of its script, and the list finds it by them', async () => {
    const content = 'def main():\n    return {"wm_labels": ["paid", "nightly"]}\n';
    await millrace.script('f/demo/labelled', 'python3', content, { labels: ['nightly', 'billing'] });
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/labelled', 201, {});
    expect(await millrace.completed(id)).toMatchObject({ success: true, labels: ['nightly', 'billing', 'paid'] });
    for (const [label, found] of [
      ['paid', [id]],
      ['paid,other', [id]],
      ['other', []],
    ] as const) {
      const jobs: { id: string }[] = await millrace.json('GET', `/w/demo/jobs/list?label=${label}`);
      expect(jobs.map((job) => job.id)).toEqual(found);
    }
  });

  it('fails its job by a message of its own, and is answered as it says', async () => {
    const said = { wm_failure: 'not today', wm_status_code: 503, wm_headers: { 'retry-after': '60' }, result: 'later' };
    const answer = await millrace.request('POST', '/w/demo/jobs/run_wait_result/preview', marks(said));
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([503, '60', 'later']);
    const [job] = await millrace.json('GET', '/w/demo/jobs/completed/list?per_page=1');
    expect(job).toMatchObject({ success: false, status: 'failure' });
    expect((await millrace.completed(job.id)).result.error).toEqual({ name: 'ManualFailure', message: 'not today' });
  });

  it('is a page of no origin, without what would speak for ours', async () => {
    const page = '<h1>"mine"</h1>';
    const headers = {
      'Set-Cookie': 'token=theirs',
      'Access-Control-Allow-Origin': 'https://evil.example',
      'x-mine': 'yes',
    };
    const said = { windmill_content_type: 'text/html', windmill_headers: headers, result: page };
    const answer = await millrace.request('POST', '/w/demo/jobs/run_wait_result/preview', marks(said));
    expect([answer.status, await answer.text()]).toEqual([200, page]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
      'x-mine': 'yes',
    });
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('that says what cannot be answered is a 500 that names it', async () => {
    const answer = await millrace.request(
      'POST',
      '/w/demo/jobs/run_wait_result/preview',
      marks({ wm_status_code: 99 }),
    );
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('wm_status_code is 99')]);
  });
});
