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
      console.log(name, Math.round(peakOf(name) / MB), 'MB at most');
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
