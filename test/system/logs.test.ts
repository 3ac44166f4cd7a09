import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const run = (language: string, content: string): Promise<string> =>
  millrace.text('POST', '/w/demo/jobs/run/preview', 201, { language, content });

const wholeLog = (id: string): Promise<string> =>
  millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`, 200);

/** What the script itself said: the first line of a log is Millrace's. */
const outputOf = async (id: string): Promise<string> => {
  const log = await wholeLog(id);
  expect(log).toMatch(new RegExp(`^job=${id} tag=\\w+ worker=\\S+\n`));
  return log.slice(log.indexOf('\n') + 1);
};

/** Follows a log by its offsets until the job is told to be completed. */
const follow = async (id: string, everyMs: number): Promise<{ text: string; updates: number }> => {
  let [offset, text, updates] = [0, '', 0];
  for (const until = Date.now() + 15_000; Date.now() < until; updates += 1) {
    const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${offset}`);
    text += update.new_logs ?? '';
    // log_offset counts characters, not UTF-16 units
    expect(update.log_offset).toBe([...text].length);
    offset = update.log_offset;
    if (update.completed === true) return { text, updates };
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error('the job did not complete');
};

describe('the log of a job', () => {
  it('keeps stdout and stderr in the order in which they were written', async () => {
    const id = await run(
      'python3',
      'import sys\ndef main():\n    for i in range(500):\n        print("out", i)\n        print("err", i, file=sys.stderr)\n',
    );
    await millrace.completed(id);
    const expected = Array.from({ length: 500 }, (_, i) => `out ${i}\nerr ${i}\n`).join('');
    expect(await outputOf(id)).toBe(expected);
  });

  it('keeps what child processes say among it', async () => {
    const id = await run('bash', 'echo 1; bash -c "echo 2 >&2"; echo 3 >&2; python3 -c "print(4)"; echo 5');
    await millrace.completed(id);
    expect(await outputOf(id)).toBe('1\n2\n3\n4\n5\n');
  });

  it('keeps ANSI sequences, tabs, carriage returns and a last line without an end', async () => {
    const id = await run('bash', String.raw`printf '\033[31mred\033[0m\ta\rb\n\033]0;title\007end'`);
    await millrace.completed(id);
    expect(await outputOf(id)).toBe('\u001b[31mred\u001b[0m\ta\rb\n\u001b]0;title\u0007end');
  });

  it('shows bytes that are no UTF-8 as U+FFFD, and the job goes on', async () => {
    const id = await run(
      'bash',
      String.raw`printf 'a\xff\xfeb\xc3'; printf '\n\x00z\n'; printf '\xe2\x82'; sleep 0.2; printf '\xac\n'; echo ok`,
    );
    expect(await millrace.completed(id)).toMatchObject({ success: true, result: 'ok' });
    expect(await outputOf(id)).toBe('a\uFFFD\uFFFDb\uFFFD\n\uFFFDz\n€\nok\n');
  });

  it('starts with a hint about colours unless that is not wanted', async () => {
    const id = await run('bash', 'echo x');
    await millrace.completed(id);
    const bare = await wholeLog(id);
    const hinted = await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    expect(hinted.endsWith(bare)).toBe(true);
    expect(hinted).toMatch(/^to remove ansi colors, use: \| sed .*\n/);
  });

  it('is followed by offsets while it grows, without loss and without doubling', async () => {
    const id = await run(
      'python3',
      'import time\ndef main():\n    for i in range(12):\n        print(("%04d äöü€😀 " % i) * 400, flush=True)\n        time.sleep(0.15)\n',
    );
    const [fast, slow] = await Promise.all([follow(id, 60), follow(id, 700)]);
    const whole = await wholeLog(id);
    expect([...whole].length).toBeGreaterThan(12 * 400 * 10);
    expect(fast.text === whole).toBe(true);
    expect(slow.text === whole).toBe(true);
    expect(fast.updates).toBeGreaterThan(3);
  });

  it('is followed by server-sent events alike, and the last one brings the job', async () => {
    const id = await run(
      'python3',
      'import time\ndef main():\n    for i in range(5):\n        print("tick", i, "😀", flush=True)\n        time.sleep(0.2)\n    return {"n": 1}\n',
    );
    const response = await millrace.request('GET', `/w/demo/jobs_u/getupdate_sse/${id}?log_offset=0&running=true`);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = (await response.text())
      .split('\n\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text.replace(/^data: /, '')));
    expect(events.every((event) => ['update', 'ping'].includes(event.type))).toBe(true);
    expect(events.map((event) => event.new_logs ?? '').join('')).toBe(await wholeLog(id));
    expect(events.at(-1)).toMatchObject({ completed: true, job: { id, success: true, result: { n: 1 } } });
  });

  it('is walked from any offset after the end', async () => {
    const id = await run('python3', 'def main():\n    for i in range(30000):\n        print("line", i, "é😀")\n');
    await millrace.completed(id);
    const whole = [...(await wholeLog(id))];
    for (const from of [0, 1, 5_000, whole.length - 7, whole.length]) {
      let [offset, text] = [from, ''];
      for (let steps = 0; steps < 50; steps += 1) {
        const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${offset}`);
        text += update.new_logs ?? '';
        offset = update.log_offset;
        if (update.completed === true) break;
      }
      expect(text === whole.slice(from).join('')).toBe(true);
    }
  });

  it('is left out of an update that does not want it', async () => {
    const id = await run('bash', 'echo x');
    await millrace.completed(id);
    const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&no_logs=true`);
    expect(update).toMatchObject({ completed: true });
    expect(update).not.toHaveProperty('new_logs');
  });

  it('is empty but for its first line when the job says nothing', async () => {
    const id = await run('python3', 'def main():\n    return 1\n');
    await millrace.completed(id);
    expect(await outputOf(id)).toBe('');
  });
});
