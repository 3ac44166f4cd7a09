import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageIndexes } from '../../../shared/model/runner.ts';
import { runInstaller } from './run-installer.ts';

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

/** How long an answer of an index may take, seconds. */
const ANSWER_S = 30;
/** uv's exit code when something went wrong outside of its choice. */
const OUTSIDE = 2;

/**
 * Runs uv once and gives its stdout. Building a source archive runs code of its author: it gets the environment below and
 * nothing else of the runner's. Throws PackagesFailed.
 */
export const runUv = async (places: UvPlaces, argv: string[], timeoutMs: number): Promise<string> => {
  const tmp = join(places.folder, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const env = environmentOf(places, tmp);
  const why = (code: number | null) => (code === OUTSIDE ? 'unreachable' : 'unsatisfiable');
  return runInstaller({ file: places.uv, argv, cwd: places.folder, env, why }, timeoutMs);
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
  ...(indexes.default === undefined ? {} : { UV_DEFAULT_INDEX: indexes.default }),
  UV_INDEX: indexes.extra.join(' '),
  // Once an index has a package, no other is asked for it: else whoever takes its name in a public one is installed.
  UV_INDEX_STRATEGY: 'first-index',
  UV_HTTP_TIMEOUT: String(answerSeconds),
  UV_NO_CONFIG: '1',
  UV_PYTHON_DOWNLOADS: 'never',
  UV_NO_PROGRESS: '1',
});
