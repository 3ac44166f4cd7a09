import { expect, test } from 'vitest';
import { LastLines } from '../../../functions/runner/last-lines.ts';
import { runIn, testEnvironment } from './run.ts';

const run = runIn(testEnvironment());
const MB = 1024 * 1024;

test('the last line is the one tail would print, whatever pieces it came in', () => {
  const lastOf = (pieces: string[], limit = 100) => {
    const last = new LastLines(limit);
    for (const piece of pieces) last.add(Buffer.from(piece));
    return last.lastLine();
  };
  expect(lastOf([])).toBeUndefined();
  expect(lastOf(['a\nb'])).toEqual({ text: 'b', tooLong: false });
  expect(lastOf(['a\nb', 'c', '\n'])?.text).toBe('bc');
  expect(lastOf(['a\nb\n', 'c\nd\n'])?.text).toBe('d');
  expect(lastOf(['a', '\n', '\n'])?.text).toBe('');
  expect(lastOf(['ab', 'cd'], 3)?.tooLong).toBe(true);
  expect(lastOf(['abcdef\nx'], 3)).toEqual({ text: 'x', tooLong: false });
});

test('bytes that are not UTF-8 become U+FFFD, characters cut by a pipe or a flush stay whole, ANSI stays', async () => {
  const code = `printf 'a\\xff\\x00b \\x1b[31mred\\x1b[0m \\xf0\\x9f'; sleep 0.15; printf '\\x98\\x80 \\xc3'; sleep 0.1; echo '{}' > result.json`;
  const { log } = await run('bash', code);
  expect(log).toBe('a\uFFFD\uFFFDb \u001b[31mred\u001b[0m 😀 \uFFFD');
});

test('output arrives while the job runs', async () => {
  const at: number[] = [];
  await run('bash', 'echo one; sleep 0.4; echo two', {}, { emit: async () => void at.push(performance.now()) });
  expect(Number(at[1]) - Number(at[0])).toBeGreaterThan(250);
});

test('output over the limit is discarded after one note, and the job goes on to its result', async () => {
  const code = 'import sys\ndef main():\n  for _ in range(300): sys.stdout.write("x" * 10000)\n  return "done"';
  const { log, notes, result } = await run('python3', code, {}, { logLimitBytes: MB });
  expect(log).toHaveLength(MB);
  expect(notes).toEqual([`output is over the limit of ${MB} bytes: the rest of it is discarded, the job goes on`]);
  expect(result).toBe('done');
});

test('a slow reader slows the process instead of filling the memory', async () => {
  const before = process.memoryUsage().rss;
  let peak = 0;
  const chars = { sent: 0 };
  const emit = async (frame: { type: string; text?: string }) => {
    chars.sent += frame.text?.length ?? 0;
    peak = Math.max(peak, process.memoryUsage().rss);
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const { end } = await run('bash', 'head -c 20971520 /dev/zero | tr "\\0" x | fold -w 99', {}, { emit });
  expect(end.outcome).toBe('success');
  expect(chars.sent).toBeGreaterThan(20 * MB);
  expect(peak - before).toBeLessThan(150 * MB);
});

test('one line of 20 MB passes, and is too large to be a result of Bash', async () => {
  let chars = 0;
  const frames = { largest: 0 };
  const emit = async (frame: { type: string; text?: string }) => {
    chars += frame.text?.length ?? 0;
    frames.largest = Math.max(frames.largest, frame.text?.length ?? 0);
  };
  const { error } = await run('bash', 'head -c 20971520 /dev/zero | tr "\\0" x', {}, { emit });
  expect(chars).toBe(20 * MB);
  expect(frames.largest).toBeLessThan(256 * 1024);
  expect(error.name).toBe('ResultTooLarge');
});

test('a result over its limit fails with words; a large one comes in pieces', async () => {
  const code = 'def main(n): return "é" * n';
  const { error } = await run('python3', code, { n: 1000 }, { resultLimitBytes: 1000 });
  expect(error.name).toBe('ResultTooLarge');
  const { result, frames } = await run('python3', code, { n: 300_000 });
  expect(result).toBe('é'.repeat(300_000));
  expect(frames.filter(({ type }) => type === 'result').length).toBeGreaterThan(5);
});

test('a damaged, foreign or blocking outcome file does not break the runner', async () => {
  const leave = (command: string) =>
    run('python3', `import os\ndef main():\n  os.system("""${command}""")\n  os._exit(0)`);
  expect((await leave('echo rubbish > .outcome')).error.name).toBe('InvalidResult');
  expect((await leave('printf "success 1\\\\n{" > .outcome')).error.name).toBe('InvalidResult');
  expect((await leave('mkfifo .outcome')).result).toBeNull();
  expect((await leave('ln -s /etc/passwd .outcome')).result).toBeNull();
  expect((await leave('mkdir .outcome')).result).toBeNull();
});
