import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunctions } from '../../infra/build/bundle.ts';
import { assembleRunnerImage } from '../../infra/build/runner-image.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const files = (path: string): string[] =>
  readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, path).length + 1));
const content = (path: string): string =>
  files(path)
    .map((file) => readFileSync(join(root, path, file), 'utf8'))
    .join('');
const run = (path: string): string =>
  execFileSync(process.execPath, ['-e', `import('${join(root, path)}').then((m) => m.handler()).then(console.log)`], {
    encoding: 'utf8',
  }).trim();

beforeAll(async () => {
  source('shared/greeting.ts', 'export const greeting: string = "shared words";');
  source('shared/heavy.ts', 'export const heavy: string = "loaded late";');
  source('shared/old.cjs', 'module.exports = { separator: require("node:path").sep };');
  source(
    'functions/one/handler.ts',
    `import { greeting } from '../../shared/greeting.ts';
     export const handler = async (): Promise<string> => greeting + ' / ' + (await import('../../shared/heavy.ts')).heavy;`,
  );
  source(
    'functions/two/handler.ts',
    `import { greeting } from '../../shared/greeting.ts';
     import old from '../../shared/old.cjs';
     export const handler = async (): Promise<string> => greeting + ' ' + old.separator;`,
  );
  source(
    'functions/checked/handler.ts',
    `import { z } from 'zod';
     export const handler = async (): Promise<string> => z.string().safeParse(1).error?.issues[0]?.message ?? '';`,
  );
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  source('functions/runner/handler.ts', 'export const handler = async (): Promise<string> => "runner";');
  source('functions/runner/task.ts', 'console.log("task");');
  source('functions/runner/Dockerfile', 'FROM scratch\n');
  source('functions/runner/wrappers/python/main.py', 'print("wrapper")\n');
  source('functions/runner/wrappers/python/__pycache__/main.pyc', 'compiled');
  await bundleFunctions(root, ['one', 'two', 'checked', 'runner'], join(root, 'built'));
});

describe('bundles', () => {
  it('run by themselves, from any folder', () => {
    const elsewhere = join(root, 'elsewhere');
    cpSync(join(root, 'built/one'), elsewhere, { recursive: true });
    expect(run('elsewhere/index.mjs')).toBe('shared words / loaded late');
  });

  it('hold CommonJS packages that require modules of Node', () => {
    expect(run('built/two/index.mjs')).toBe('shared words /');
  });

  it('keep what is imported lazily out of what is loaded at cold start', () => {
    expect(readFileSync(join(root, 'built/one/index.mjs'), 'utf8')).not.toContain('loaded late');
    expect(content('built/one')).toContain('loaded late');
  });

  it('hold no chunk that their function cannot reach', () => {
    expect(content('built/two')).not.toContain('loaded late');
  });

  it('hold the part of zod that is used, and its words for what is wrong', () => {
    expect(run('built/checked/index.mjs')).toBe('Invalid input: expected string, received number');
    expect(content('built/checked').length).toBeLessThan(150_000);
  });

  it('are the same bytes for the same sources', async () => {
    await bundleFunctions(root, ['one', 'two', 'checked', 'runner'], join(root, 'again'));
    for (const name of ['one', 'two']) {
      expect(files(`again/${name}`)).toEqual(files(`built/${name}`));
      expect(content(`again/${name}`)).toBe(content(`built/${name}`));
    }
  });

  it('are refused while a function has no handler', async () => {
    await expect(bundleFunctions(root, ['one', 'three'], join(root, 'never'))).rejects.toThrow(
      'no handler.ts in functions/three',
    );
  });
});

describe('the folder of the runner image', () => {
  it('is the Dockerfile, both bundled entries, and the wrappers as they stand', () => {
    assembleRunnerImage(root, join(root, 'again/runner'), join(root, 'image'));
    const assembled = files('image').filter((file) => !file.startsWith('app/chunks/'));
    expect(new Set(assembled)).toEqual(
      new Set(['Dockerfile', 'app/index.mjs', 'app/task.mjs', 'app/wrappers/python/main.py']),
    );
    expect(run('image/app/index.mjs')).toBe('runner');
    expect(execFileSync(process.execPath, [join(root, 'image/app/task.mjs')], { encoding: 'utf8' })).toBe('task\n');
  });
});
