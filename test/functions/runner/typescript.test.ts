import { describe, expect, test } from 'vitest';
import { typescriptParameters } from '../../../functions/runner/languages/typescript-parameters.ts';
import { runIn, testEnvironment } from './run.ts';

const run = runIn(testEnvironment());

const names = (code: string, entrypoint = 'main') =>
  typescriptParameters(code, entrypoint)?.map(({ name, kind, convert }) =>
    [kind === 'plain' ? name : `${kind}:${name}`, ...(convert === undefined ? [] : [convert])].join('='),
  );

test('parameters are read from the source, whatever their types and defaults hold', () => {
  expect(
    names(
      'export async function main(a: string, b = ",(", c?: Map<string, number[]>, d: (x: number) => void = () => {}) {}',
    ),
  ).toEqual(['a', 'b', 'c', 'd']);
  expect(
    names(
      '// function main(no)\n/* main( */ const s = "function main(x)";\nexport function main(yes: { a: 1, b: "," }) {}',
    ),
  ).toEqual(['yes']);
  expect(names('export const main = async <T extends object>(a: T, ...rest: T[]) => a')).toEqual(['a', 'rest:rest']);
  expect(names('export default async (a: Date | null, b: bytes, c: Base64) => 1')).toEqual(['a=date', 'b=bytes', 'c']);
  expect(names('export function main({ a, b }: { a: string; b: number }, [c] = [1], d = 2) {}')).toEqual([
    'pattern:',
    'pattern:',
    'd',
  ]);
  expect(names('export function main(\n  a: string, // first\n  b: number, /* last */\n) {}')).toEqual(['a', 'b']);
  expect(names('export { main } from "./other.ts"')).toBeUndefined();
  expect(names('export function main() {}\nexport function other(x) {}', 'other')).toEqual(['x']);
});

describe.each(['', '//nodejs\n'])('TypeScript with the first line %j', (first) => {
  const typescript = (code: string, args = {}, more = {}) => run('bun', `${first}${code}`, args, more);

  test('only declared parameters are passed, by name, with their defaults', async () => {
    const code =
      'export async function main(name: string, times = 2, loud?: boolean) { return [name, times, loud, arguments.length] }';
    expect((await typescript(code, { loud: true, unknown: 1, name: 'x' })).result).toEqual(['x', 2, true, 3]);
  });

  test('Date and bytes parameters are converted; patterns and rest parameters get what is left', async () => {
    const code =
      'type bytes = Uint8Array\nexport function main(d: Date, b: bytes, ...more: number[]) { return [d.getTime(), b[0], more] }';
    expect((await typescript(code, { d: '1970-01-01T00:00:01Z', b: 'aGk=', x: 1, y: 2 })).result).toEqual([
      1000,
      104,
      [1, 2],
    ]);
    expect(
      (await typescript('export default ({ a, b }: { a: number; b: number }) => a + b', { a: 1, b: 2 })).result,
    ).toBe(3);
  });

  test('results become JSON: undefined, BigInt, bytes, Map, Set, Date, generators', async () => {
    expect((await typescript('export function main() {}')).result).toBeNull();
    const code =
      'export const main = () => ({ z: 1n, big: 2n ** 70n, b: new Uint8Array([104, 105]), m: new Map([["k", 1]]), s: new Set([1]), d: new Date(0), n: NaN })';
    const { result } = await typescript(code);
    expect(result).toEqual({
      z: 1,
      big: '1180591620717411303424',
      b: 'aGk=',
      m: { k: 1 },
      s: [1],
      d: '1970-01-01T00:00:00.000Z',
      n: null,
    });
    expect((await typescript('export async function* main() { yield 1; yield 2 }')).result).toEqual([1, 2]);
  });

  test('an error tells its name, message, own fields and the lines of the user alone', async () => {
    const code =
      'class Bad extends Error { code = 42; name = "Bad" }\nfunction deep() { throw new Bad("no good") }\nexport async function main() { deep() }';
    const { error, end, log } = await typescript(code);
    expect(end.outcome).toBe('failure');
    expect(error).toMatchObject({ name: 'Bad', message: 'no good', code: 42 });
    expect(error.stack).toMatch(/deep.*main\.ts:/);
    expect(error.stack).not.toMatch(/wrapper/);
    expect(log).toContain('no good');
  });

  test('what is thrown need not be an error, and may be thrown late', async () => {
    expect((await typescript('export function main() { throw "text" }')).error).toMatchObject({
      name: 'Error',
      message: 'text',
    });
    const late =
      'export async function main() { setTimeout(() => { throw new RangeError("late") }); await new Promise((r) => setTimeout(r, 1500)) }';
    expect((await typescript(late)).error).toMatchObject({ name: 'RangeError', message: 'late' });
    const loop = 'export function main() { const a: any = {}; a.a = a; return a }';
    expect((await typescript(loop)).error.message).toContain('cannot be written as JSON');
  });

  test('a syntax error and a missing main say what is wrong', async () => {
    const syntax = await typescript('export async function main( {');
    expect(syntax.end.outcome).toBe('failure');
    expect(`${syntax.error.message}${syntax.error.stack}${syntax.log}`).toMatch(/main\.ts:[12]/);
    expect((await typescript('export const x = 1')).error).toMatchObject({ name: 'NoMain' });
  });

  test('enums work, output keeps its order, and a timer left running does not hold up the job', async () => {
    const code =
      'enum A { X = "q" }\nexport function main() { setInterval(() => {}, 1000); console.log("a"); console.error("b"); console.log("c"); return A.X }';
    const { result, log } = await typescript(code);
    expect(result).toBe('q');
    expect(log).toBe('a\nb\nc\n');
  });

  test('process.exit decides; 0 is a null result', async () => {
    expect((await typescript('export function main() { process.exit(0) }')).end.outcome).toBe('success');
    expect((await typescript('export function main() { process.exit(5) }')).error).toMatchObject({ exit_code: 5 });
  });
});

test('//nodejs runs on Node, everything else on bun', async () => {
  const code = 'export function main() { return [typeof (globalThis as { Bun?: unknown }).Bun, process.release.name] }';
  expect((await run('bun', code)).result).toEqual(['object', 'node']);
  expect((await run('bun', `//nodejs\n${code}`)).result).toEqual(['undefined', 'node']);
});
