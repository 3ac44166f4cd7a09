import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { storingNpm } from '../../../functions/runner/packages/storing-npm.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import { manifestOf, typescriptNeeds } from '../../../shared/model/typescript-needs.ts';
import { serveNpm } from '../../support/npm-registry.ts';
import { runIn, testEnvironment } from './run.ts';

const environment = testEnvironment();
const run = runIn(environment);

let registry: Awaited<ReturnType<typeof serveNpm>>;
beforeAll(async () => {
  registry = await serveNpm([
    { name: 'left', version: '1.0.0' },
    { name: 'left', version: '2.0.0', files: { 'sub.js': 'export default "sub";\n' } },
    { name: '@s/right', version: '2.1.0', dependencies: { left: '^1' }, files: { 'index.js': USES_LEFT } },
    {
      name: 'thrower',
      version: '1.0.0',
      files: { 'index.js': 'export const fail = () => { throw new Error("no"); };\n' },
    },
    {
      name: 'post',
      version: '1.0.0',
      scripts: { preinstall: 'touch ran', postinstall: 'touch ran', install: 'touch ran' },
    },
    { name: 'climber', version: '1.0.0', raw: { 'package/../../../../../climbed.txt': 'x', '../../climbed.txt': 'x' } },
  ]);
});
const USES_LEFT = 'import { version } from "left"; export const right = "right on left " + version;\n';
afterAll(() => registry.close());
afterEach(() => {
  registry.mood = {};
});

const at = () => ({ url: registry.url });
const manifest = (code: string) => manifestOf([typescriptNeeds(code)]) ?? '{}';
const choose = (text: string, more: Partial<RunnerRequest> = {}) =>
  run('bun', 'throw new Error("the code ran")', {}, { choose: { manifest: text, registry: at() }, ...more });
const lockOf = async (code: string): Promise<string> => {
  const { result, log } = await choose(manifest(code));
  if (typeof result !== 'object' || result === null || !('lock' in result)) throw new Error(log);
  return String(result.lock);
};
const npm = (lock: string) => ({
  npm: { key: createHash('sha256').update(lock).digest('hex'), lock, registry: at() },
});
const runWith = (code: string, lock: string, more: Partial<RunnerRequest> = {}) =>
  run('bun', code, {}, { ...npm(lock), ...more });

describe('a job that makes a lock', () => {
  test('answers package.json and what bun chose for it, as Windmill writes it', async () => {
    const { result, end } = await choose(manifest('import "@s/right"; import "left@^2"'));
    expect(end.outcome).toBe('success');
    expect(result).toEqual({
      lock: expect.stringMatching(/^\{\n {2}"dependencies": \{\n {4}"@s\/right": "latest",\n {4}"left": "\^2"\n/),
      packages: [],
    });
    expect(JSON.stringify(result)).toContain('\\n//bun.lock\\n{');
    expect(JSON.stringify(result)).toContain('left@2.0.0');
    expect(JSON.stringify(result)).toContain('left@1.0.0');
  });

  test('answers an empty lock when nothing is needed', async () => {
    const text = '{\n  "dependencies": {}\n}';
    expect((await choose(text)).result).toEqual({ lock: `${text}\n//bun.lock\n<empty>`, packages: [] });
  });

  test('says which package or version is not there, in its error and in its log', async () => {
    const missing = await choose(manifest('import "nowhere"'));
    expect(missing.end.outcome).toBe('failure');
    expect(missing.error.name).toBe('DependenciesError');
    expect(missing.error.message).toContain('nowhere@latest failed to resolve');
    expect(missing.log).toMatch(/GET .*\/nowhere - 404/);
    const version = await choose(manifest('import "left@^9"'));
    expect(version.error.message).toContain('No version matching "^9" found for specifier "left"');
  });

  test('says that a registry is down or does not let it in; a token opens it', async () => {
    const text = manifest('import "left"');
    const down = await choose(text, { choose: { manifest: text, registry: { url: 'http://127.0.0.1:1/' } } });
    expect(down.error.message).toContain('ConnectionRefused');
    registry.mood = { token: 'opens-it' };
    expect((await choose(text)).error.message).toContain('- 401');
    const { end } = await choose(text, { choose: { manifest: text, registry: { ...at(), token: 'opens-it' } } });
    expect(end.outcome).toBe('success');
  });

  test('ends with its time when a registry is slow', async () => {
    registry.mood = { delayMs: 5_000 };
    expect((await choose(manifest('import "left"'), { timeoutMs: 500 })).end.outcome).toBe('timeout');
  });
});

test('packages that are no plain files get no archive, and their lock stays', async () => {
  const folder = mkdtempSync(join(environment.root, 'storing-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync('/etc/hostname', join(folder, 'node_modules/odd'));
  const verdict = { success: true, json: '{"lock":"{}","packages":[]}' };
  const nowhere = { url: 'http://127.0.0.1:1/', token: '' };
  expect(await storingNpm(folder, nowhere)(verdict)).toEqual({
    ...verdict,
    note: 'packages: no archive, node_modules/odd is neither a file nor a folder',
  });
  rmSync(folder, { recursive: true });
});

describe.each(['', '//nodejs\n'])('a script with a lock and the first line %j', (first) => {
  test('imports its packages, whatever versions its imports name', async () => {
    const code = `${first}import { right } from "@s/right@2"
import { version } from 'left@^2'; import sub from "left@^2/sub.js"
import type { Nothing } from "not-there@1"
export const main = async () => [right, version, sub, (await import("left@^2")).version]`;
    const { result, log } = await runWith(code, await lockOf(code));
    expect(result, log).toEqual(['right on left 1.0.0', '2.0.0', 'sub', '2.0.0']);
  });

  test('has its own lines in stack traces', async () => {
    const code = `${first}import { fail } from "thrower@1.0.0"\n\nexport function main() {\n  fail();\n}`;
    const { error } = await runWith(code, await lockOf(code));
    expect(error.stack).toContain(`main.ts:${first === '' ? 4 : 5}:`);
  });

  test('imports scripts of its workspace, round circles too', async () => {
    const code = `${first}import { twice } from "./lib/twice.ts"; import { greet } from "/u/me/greet"
export const one = 1
export const main = () => [twice(one), greet()]`;
    const scripts = [
      {
        path: 'f/a/lib/twice',
        code: 'import { one } from "../job"\nexport const twice = (n: number): number => n * 2 * one',
      },
      { path: 'u/me/greet', code: 'import { version } from "left"\nexport const greet = () => "hello " + version' },
    ];
    const lock = await lockOf('import "left@1"');
    const { result, log } = await runWith(code, lock, { imports: { path: 'f/a/job', scripts } });
    expect(result, log).toEqual([2, 'hello 1.0.0']);
  });
});

describe('installing a lock', () => {
  const code =
    'import { readdirSync } from "node:fs"\nexport const main = () => readdirSync("node_modules/post").sort()';

  test('runs no script of a package, though package.json or the lock trust it', async () => {
    const lock = await lockOf('import "post"');
    expect((await runWith(code, lock)).result).toEqual(['index.js', 'package.json']);
    const trusting = lock
      .replace('\n}\n//bun.lock', ',\n  "trustedDependencies": ["post"]\n}\n//bun.lock')
      .replace('"packages": {', '"trustedDependencies": ["post"],\n  "packages": {');
    const { result, log, error } = await runWith(code, trusting);
    expect(result, log + JSON.stringify(error)).toEqual(['index.js', 'package.json']);
  });

  test('writes nothing outside of a package, whatever paths its archive has', async () => {
    const { result } = await runWith(
      'import { version } from "climber"\nexport const main = () => version',
      await lockOf('import "climber"'),
    );
    expect(result).toBe('1.0.0');
    expect(existsSync('/tmp/climbed.txt')).toBe(false);
    expect(readdirSync(environment.root).filter((name) => name.includes('climbed'))).toEqual([]);
  });

  test('fails by name for a package that is not there, or is another one than was chosen', async () => {
    const lock = await lockOf('import "left@2"');
    const gone = await runWith(code, lock.replaceAll('2.0.0', '2.0.9'));
    expect(gone.end.outcome).toBe('failure');
    expect(gone.error.message).toMatch(/left-2\.0\.9\.tgz - 404/);
    expect(gone.notes).toEqual([
      expect.stringMatching(/^the packages could not be put in place: .*left-2\.0\.9\.tgz - 404/s),
    ]);
    registry.mood = { tamper: true };
    expect((await runWith(code, lock)).error.message).toContain('Integrity check failed for tarball: left');
  });

  test('fails in clear words when the lock is damaged', async () => {
    expect((await runWith(code, '# py: 3.13\nrequests==2')).error.message).toContain('lock: above //bun.lock');
    const lock = await lockOf('import "left@2"');
    expect((await runWith(code, `${lock.slice(0, -20)}`)).error.message).toContain('bun.lock');
  });

  test('asks for nothing when nothing is needed, and installs a lock without a choice', async () => {
    registry.asked.length = 0;
    expect((await runWith('export const main = () => 1', '{}\n//bun.lock\n<empty>')).result).toBe(1);
    expect(registry.asked).toEqual([]);
    const open = await runWith(
      'import { version } from "left"\nexport const main = () => version',
      manifest('import "left@1"'),
    );
    expect(open.result).toBe('1.0.0');
    const told = open.frames.flatMap((frame) => (frame.type === 'lock' ? [frame.record.lock] : []));
    expect(told).toEqual([await lockOf('import "left@1"')]);
  });

  test('is done once in an environment, and again when a job has changed what was installed', async () => {
    const lock = await lockOf('import "left@1.0.0"');
    const reads = 'import { version } from "left"\nexport const main = () => version';
    const spoils = `import { chmodSync, realpathSync, writeFileSync } from "node:fs"
export const main = () => {
  const file = realpathSync("node_modules/left/index.js")
  chmodSync(file, 0o644)
  writeFileSync(file, "export const version = 'spoilt'")
}`;
    const first = await runWith(reads, lock);
    expect([first.result, first.notes]).toEqual([
      '1.0.0',
      [expect.stringMatching(/^put npm packages in place in \d+ ms$/)],
    ]);
    registry.asked.length = 0;
    const again = await runWith(`${reads}\n`, lock);
    expect([again.result, again.notes, registry.asked]).toEqual(['1.0.0', [], []]);
    expect((await runWith(spoils, lock)).end.outcome).toBe('success');
    expect((await runWith(reads, lock)).result).toBe('1.0.0');
  });
});
