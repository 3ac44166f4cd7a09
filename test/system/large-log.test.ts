import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

const MB = 1024 * 1024;
const CAP = 64 * MB;
/** Lines of 64 bytes, each different: 66 MB, more than is kept. */
const LINES = (66 * MB) / 64;
const CODE = `
import sys
def main():
    w = sys.stdout.write
    for at in range(0, ${LINES}, 1024):
        w("".join("%015d %s\\n" % (i, "x" * 47) for i in range(at, at + 1024)))
    return "went on"
`;
const expectedLines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, n) => `${String(from + n).padStart(15, '0')} ${'x'.repeat(47)}\n`).join('');

let millrace: Millrace;
let id: string;
beforeAll(async () => {
  // The pace of streamed answers (2 MB/s beyond 6 MB) is a test of its own; here it would only be waited for.
  millrace = await Millrace.start({ streamingLimits: null });
  await millrace.workspace();
  id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'python3', content: CODE });
  await millrace.completed(id, 45_000);
}, 60_000);
afterAll(() => millrace.stop());

/** Peak resident memory, in bytes, of every process of a function. */
const peakOf = (word: string): number[] => {
  const name = millrace.cloud.functionNamed(word);
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`AWS_LAMBDA_FUNCTION_NAME=${name}\0`)) return [];
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
      return peak?.[1] === undefined ? [] : [Number(peak[1]) * 1024];
    } catch {
      return [];
    }
  });
};

const headOf = async (): Promise<string> => {
  const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=0`);
  return String(update.new_logs).split('\n', 1)[0] ?? '';
};

describe('66 MB of output', () => {
  it('are kept up to 64 MB, then a notice stands in the log and the job goes on', async () => {
    expect(await millrace.completed(id)).toMatchObject({ success: true, result: 'went on' });
    const head = await headOf();
    const from = head.length + 1 + CAP;
    const { new_logs } = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${from}`);
    expect(new_logs).toMatch(/^\n?\[millrace\] output is over the limit of 67108864 bytes: .*discarded.*\n$/);
  });

  it('did not pass through the memory of the function that ran the job', () => {
    expect(Math.max(...peakOf('dispatch'))).toBeLessThan(230 * MB);
  });

  it('are read back whole, in order, to the byte, in the memory of a few pieces', async () => {
    const small = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'bash', content: 'echo 1' });
    await millrace.completed(small);
    await millrace.text('GET', `/w/demo/jobs_u/get_logs/${small}`, 200);
    const before = Math.max(...peakOf('stream'));

    const head = `${await headOf()}\n`;
    const response = await millrace.request('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`);
    const [hash, tail] = [createHash('sha256'), [] as Buffer[]];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      const room = Math.max(0, head.length + CAP - bytes);
      hash.update(chunk.subarray(0, room));
      if (chunk.length > room) tail.push(Buffer.from(chunk.subarray(room)));
      bytes += chunk.length;
    }
    const expected = createHash('sha256').update(head);
    for (let at = 0; at < CAP / 64; at += 8192) expected.update(expectedLines(at, 8192));
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    expect(Buffer.concat(tail).toString()).toMatch(/^\n?\[millrace\] output is over the limit/);
    expect(Math.max(...peakOf('stream')) - before).toBeLessThan(70 * MB);
  }, 30_000);

  it('are walked by offsets in bounded pieces, none lost and none doubled', async () => {
    const start = 20 * MB;
    const head = (await headOf()).length + 1;
    let [offset, text, largest] = [head + start, '', 0];
    while (offset < head + start + 8 * MB) {
      const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${offset}`);
      expect(update.log_offset).toBe(offset + update.new_logs.length);
      expect(update.completed, 'is told with the last of the log').toBe(false);
      largest = Math.max(largest, update.new_logs.length);
      text += update.new_logs;
      offset = update.log_offset;
    }
    expect(largest).toBeLessThan(5 * MB);
    expect(text === expectedLines(start / 64, Math.ceil(text.length / 64)).slice(0, text.length)).toBe(true);
  }, 20_000);
});
