import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageIndexes } from '../../../shared/model/runner.ts';
import { killGroup } from '../processes.ts';

export type UvPlaces = {
  /** The program `uv`. */
  uv: string;
  /** The interpreter that packages are chosen and built for. */
  python: string;
  /** PATH of uv and of what builds source archives. */
  path: string;
  /** An existing folder that nobody else uses; uv's cache, its files and those of builds lie in it. */
  folder: string;
  indexes: PackageIndexes;
  /** How long one answer of an index may take, seconds; uv asks four times. 30 if not said. */
  answerSeconds?: number;
};

/**
 * uv did not do it. `unsatisfiable`: no choice of packages fits, or one cannot be built: asking again is no use.
 * `unreachable`: an index did not answer, four times over. `timeout`: it took longer than it was given.
 * The message is uv's own, without the names and passwords of index URLs.
 */
export class PackagesFailed extends Error {
  override readonly name = 'PackagesFailed';
  readonly why: 'unsatisfiable' | 'unreachable' | 'timeout';

  constructor(why: PackagesFailed['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** How long an answer of an index may take, seconds. */
const ANSWER_S = 30;
/** uv's exit code when something went wrong outside of its choice. */
const OUTSIDE = 2;
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/**
 * Runs uv once and gives its stdout. Building a source archive runs code of its author: it gets the environment below and
 * nothing else of the runner's, and its whole process group is gone when this settles. Throws PackagesFailed.
 */
export const runUv = async (places: UvPlaces, argv: string[], timeoutMs: number): Promise<string> => {
  const tmp = join(places.folder, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const child = spawn(places.uv, argv, {
    cwd: places.folder,
    env: environmentOf(places, tmp),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) killGroup(child.pid);
  }, timeoutMs);
  child.once('error', reject);
  child.once('close', resolve);
  try {
    const code = await promise;
    if (code === 0) return out();
    if (late)
      throw new PackagesFailed(
        'timeout',
        `the packages were not there after ${timeoutMs / 1000} s; ${withoutCredentials(err())}`,
      );
    throw new PackagesFailed(code === OUTSIDE ? 'unreachable' : 'unsatisfiable', withoutCredentials(err()));
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined) killGroup(child.pid);
  }
};

const environmentOf = (places: UvPlaces, tmp: string): Record<string, string> => ({
  PATH: places.path,
  HOME: places.folder,
  TMPDIR: tmp,
  LANG: 'C.UTF-8',
  ...uvEnvironment(places.indexes, join(places.folder, 'cache'), places.answerSeconds ?? ANSWER_S),
});

/**
 * What uv is told by its environment. Indexes, which may hold passwords, stand here and not among the arguments, which
 * everybody on a machine can read. Builds can: whoever lets a package be built from source lets its author see them.
 */
export const uvEnvironment = (
  indexes: PackageIndexes,
  cache: string,
  answerSeconds: number = ANSWER_S,
): Record<string, string> => ({
  UV_CACHE_DIR: cache,
  UV_DEFAULT_INDEX: indexes.default,
  UV_INDEX: indexes.extra.join(' '),
  // Once an index has a package, no other is asked for it: else whoever takes its name in a public one is installed.
  UV_INDEX_STRATEGY: 'first-index',
  UV_HTTP_TIMEOUT: String(answerSeconds),
  UV_NO_CONFIG: '1',
  UV_PYTHON_DOWNLOADS: 'never',
  UV_NO_PROGRESS: '1',
});

const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-OUTPUT_LIMIT);
  });
  return () => text;
};

const withoutCredentials = (text: string): string => text.replace(/:\/\/[^/\s@]*@/g, '://*****@').trim();
