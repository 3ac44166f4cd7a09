// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Bash writes its variables so
import { expect, test } from 'vitest';
import { bashParameters } from '../../../functions/runner/languages/bash-parameters.ts';
import { isAlive, runIn, testEnvironment } from './run.ts';

const run = runIn(testEnvironment());
const bash = (code: string, args = {}, more = {}) => run('bash', code, args, more);

test('parameters are the names given to $1, $2 ... in whatever order they stand', () => {
  const code = 'b="$2" # second\na="$1"\nc=${3:-x y}\nd="${5:-}"\necho "$1"\nnot="$1 and more"';
  expect(bashParameters('c="${3:-x y}"\n')).toEqual([undefined, undefined, 'c']);
  expect(bashParameters(code)).toEqual(['a', 'b', undefined, undefined, 'd']);
  expect(bashParameters('echo hi')).toEqual([]);
});

test('arguments come by position: texts as they are, the rest as JSON, defaults for what is missing or null', async () => {
  const code =
    'text="$1"\nobject="$2"\nnumber="${3}"\ndefault="${4:-seven days}"\nprintf "%s|" "$text" "$object" "$number" "$default"';
  const args = { object: { a: [1, null] }, text: 'a "b" $HOME `id`\nc', number: 1.5, default: null, more: 1 };
  const { log, result } = await bash(code, args);
  expect(log).toBe('a "b" $HOME `id`\nc|{"a":[1,null]}|1.5|seven days|');
  expect(result).toBe('c|{"a":[1,null]}|1.5|seven days|');
});

test('the result is the last line of the output; nothing said is null', async () => {
  expect((await bash('echo one; echo "two  "; echo log >&2; echo three')).result).toBe('three');
  expect((await bash('printf "a\\nb"')).result).toBe('b');
  expect((await bash('echo a; echo')).result).toBe('');
  expect((await bash(':')).result).toBeNull();
});

test('result.json and result.out stand before the output', async () => {
  expect((await bash(`echo '{"a": [1]}' > result.json; echo x > result.out; echo y`)).result).toEqual({ a: [1] });
  expect((await bash('printf "x\\ny\\n" > result.out; echo z')).result).toBe('x\ny');
  expect((await bash('echo "{a" > result.json')).error.message).toContain('result.json is not valid JSON');
});

test('a script goes on after a failing command; its exit code decides', async () => {
  expect((await bash('false\necho on')).result).toBe('on');
  const { error, end, log } = await bash('echo before; echo why >&2; exit 3');
  expect(end.outcome).toBe('failure');
  expect(error).toMatchObject({ name: 'ExecutionErr', exit_code: 3 });
  expect(error.message).toBe('exit code 3, last lines of the output:\nbefore\nwhy');
  expect(log).toBe('before\nwhy\n');
});

test('errors of the shell name main.sh and the line of the user', async () => {
  expect((await bash('\nnosuchcommand\n')).log).toBe('main.sh: line 2: nosuchcommand: command not found\n');
  expect((await bash('if [')).error.message).toContain('main.sh');
});

test('processes left behind are killed, in the group and out of it', async () => {
  const code = 'sleep 60 & a=$!\nsetsid sleep 60 >/dev/null 2>&1 & b=$!\nsleep 0.1\necho "$a $b"';
  const { result, notes, end } = await bash(code);
  expect(end.outcome).toBe('success');
  expect(end.durationMs).toBeLessThan(2000);
  expect(notes).toEqual(['killed 2 process(es) the job had left behind']);
  for (const pid of String(result).split(' ')) expect(isAlive(Number(pid))).toBe(false);
});

test('an argument too long for a command line fails with words', async () => {
  const { error } = await bash('a="$1"', { a: 'x'.repeat(200_000) });
  expect(error.message).toContain('too large');
});
