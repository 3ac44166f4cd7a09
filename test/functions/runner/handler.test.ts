import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameSink } from '../../../functions/runner/frame-sink.ts';
import { Frame } from '../../../shared/model/runner.ts';
import { PATH, requestFor, told, WRAPPERS } from './run.ts';

const app = mkdtempSync(join(tmpdir(), 'runner-app-'));

beforeAll(async () => {
  await build({
    entryPoints: [join(WRAPPERS, '../handler.ts')],
    outfile: join(app, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  cpSync(WRAPPERS, join(app, 'wrappers'), { recursive: true });
});

afterAll(() => rmSync(app, { recursive: true, force: true }));

/** The least of what Lambda gives: the global, one event, one response stream. */
const invoke = async (event: unknown) => {
  const program = `
    import { Writable } from 'node:stream';
    globalThis.awslambda = { streamifyResponse: (handle) => handle };
    const { handler } = await import(${JSON.stringify(join(app, 'index.mjs'))});
    const response = new Writable({ write: (chunk, _, done) => process.stdout.write(chunk, done) });
    await handler(${JSON.stringify(event)}, response);
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH, SECRET_OF_THE_RUNNER: 'x', TMPDIR: tmpdir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  await closed;
  return { out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
};

test('the bundled handler answers a request with frames, one a line, and its own environment stays its own', async () => {
  const { out, err } = await invoke(requestFor('bash', 'env; echo "hello $1"'));
  expect(err).toBe('');
  const { end, result, log } = told(
    out
      .trimEnd()
      .split('\n')
      .map((line) => Frame.parse(JSON.parse(line))),
  );
  expect(end.outcome).toBe('success');
  expect(result).toBe('hello ');
  expect(log).not.toContain('SECRET_OF_THE_RUNNER');
});

test('Python and TypeScript find their wrappers beside the bundled handler', async () => {
  const results = await Promise.all([
    invoke(requestFor('python3', 'def main(a): return a', { a: 'py' })),
    invoke(requestFor('bun', 'export const main = (a: string) => a', { a: 'ts' })),
  ]);
  expect(results.map(({ out }) => out.includes('"outcome":"success"'))).toEqual([true, true]);
  expect(results.map(({ out }) => /"part":"(.*)"}/.exec(out)?.[1])).toEqual(['\\"py\\"', '\\"ts\\"']);
});

test('an event that is no request fails the invocation', async () => {
  expect((await invoke({ language: 'cobol' })).err).toContain('ZodError');
});

test('frames wait for a slow reader, and are dropped when it is gone', async () => {
  const response = new PassThrough({ highWaterMark: 10 });
  const sink = frameSink(response);
  let written = false;
  const first = sink.emit({ type: 'log', text: 'long enough to fill it' }).then(() => {
    written = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  response.read();
  await first;
  response.destroy(new Error('reset by peer'));
  await sink.emit({ type: 'log', text: 'nobody reads this' });
  await sink.end();
});
