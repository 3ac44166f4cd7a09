import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { synthesize } from '../local/synthesize.ts';
import { importTimes } from './import-time.ts';
import { atMost, kilobytes, ms, type Report, type Row, times } from './report.ts';
import { median } from './statistics.ts';

const ROOT = resolve(import.meta.dirname, '..');
const LIMIT = { webhook: 520_000, others: 800_000 };

/** Files that are loaded whenever `entry` is: static imports only. */
const eagerFiles = (entry: string): Set<string> => {
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+\.mjs)"/g)) {
      if (path !== undefined) seen.add(resolve(dirname(file), path));
    }
  }
  return seen;
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

type Bundle = { name: string; entry: string; bytes: number; engineBytes: number; eagerBytes: number; lazy: string[] };

const readBundle = (folder: string): Bundle => {
  const entry = join(folder, 'index.mjs');
  const eager = eagerFiles(entry);
  const files = filesIn(folder);
  const sum = (wanted: string[]): number => wanted.reduce((total, file) => total + statSync(file).size, 0);
  const lazy = files.filter((file) => !eager.has(file));
  const engine = lazy.filter(holdsEngine);
  const name = basename(folder);
  return {
    name,
    entry,
    bytes: sum(files.filter((file) => !engine.includes(file))),
    engineBytes: sum(engine),
    eagerBytes: sum([...eager]),
    lazy: lazy.map((file) => relative(folder, file)),
  };
};

/** WebAssembly within: an engine that is shipped as it is, loaded by the first expression. */
const holdsEngine = (file: string): boolean => readFileSync(file, 'utf8').includes('WebAssembly.');

const sizeRow = ({ name, bytes, engineBytes, eagerBytes, lazy }: Bundle): Row => {
  const row = atMost(name, bytes, name === 'webhook' ? LIMIT.webhook : LIMIT.others, kilobytes);
  const later = `${kilobytes(eagerBytes)} at cold start, ${lazy.length} chunks only when needed${engineBytes > 0 ? `; ${kilobytes(engineBytes)} of WebAssembly for expressions counted apart` : ''}`;
  return { ...row, measured: `${row.measured} (${later})` };
};

const importRow = (name: string, pairs: { empty: number[]; own: number[] }): Row => {
  const [empty, own] = [median(pairs.empty), median(pairs.own)];
  return {
    what: `process start to import of ${name}`,
    measured: `${times(own / empty)} of an empty handler (${ms(own)} against ${ms(empty)})`,
  };
};

/** Sizes of the zip bundles as they deploy, and how long a fresh process takes to import each. */
export const bundles = async (): Promise<Report> => {
  const outdir = join(ROOT, 'cdk.out');
  await synthesize(ROOT, outdir);
  const folders = readdirSync(join(outdir, 'build')).filter((name) => name !== 'runner-image');
  const found = folders.map((name) => readBundle(join(outdir, 'build', name)));
  const imports: Row[] = [];
  for (const { name, entry } of found) imports.push(importRow(name, await importTimes(outdir, entry)));
  return { title: 'bundles: sizes before compression, and import times', rows: [...found.map(sizeRow), ...imports] };
};
