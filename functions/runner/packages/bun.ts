import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NpmRegistry } from '../../../shared/model/npm-registry.ts';
import { runInstaller } from './run-installer.ts';

/**
 * No script of a package is run, whatever its package.json or a lock says: they would be strangers' code beside the job's.
 * `hoisted`: one folder that Node and bun read alike. `--silent` would swallow the errors too.
 */
const FLAGS = ['--ignore-scripts', '--linker=hoisted', '--no-progress', '--no-summary'];

/** Arguments with which bun chooses packages for the package.json in its folder and writes bun.lock. */
export const CHOOSE = ['install', '--lockfile-only', ...FLAGS];

/** Arguments with which bun fills `node_modules` with what bun.lock says, and nothing else. */
export const INSTALL_LOCKED = ['install', '--frozen-lockfile', ...FLAGS];

/** Arguments with which bun chooses as well, writes bun.lock and fills `node_modules`. */
export const CHOOSE_AND_INSTALL = ['install', '--save-text-lockfile', ...FLAGS];

/** How long a registry may be silent, seconds (bun's own: minutes). bun asks several times. */
const ANSWER_S = '20';

/**
 * What bun is told by its environment. The registry and its token stand here and not among the arguments, which everybody on a
 * machine can read.
 */
export const bunEnvironment = ({ url, token }: NpmRegistry, cache: string): Record<string, string> => ({
  BUN_INSTALL_CACHE_DIR: cache,
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0',
  BUN_CONFIG_HTTP_IDLE_TIMEOUT: ANSWER_S,
  ...(url === undefined ? {} : { NPM_CONFIG_REGISTRY: url }),
  ...(token === undefined ? {} : { NPM_CONFIG_TOKEN: token }),
});

type BunPlaces = {
  /** The program `bun`. */
  bun: string;
  path: string;
  /** An existing folder that nobody else uses; bun's cache and its files lie in it. */
  folder: string;
  registry: NpmRegistry;
};

const OUTSIDE = /ConnectionRefused|ConnectionClosed|Timeout|FailedToOpenSocket|UnknownHost|DNS| - (?:429|5\d\d)\b/i;

/** Runs bun once on the package.json in `cwd`. Throws PackagesFailed. */
export const runBun = async (places: BunPlaces, argv: string[], cwd: string, timeoutMs: number): Promise<void> => {
  const tmp = join(places.folder, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const env = {
    PATH: places.path,
    HOME: places.folder,
    TMPDIR: tmp,
    LANG: 'C.UTF-8',
    ...bunEnvironment(places.registry, join(places.folder, 'cache')),
  };
  const why = (_code: number | null, said: string) => (OUTSIDE.test(said) ? 'unreachable' : 'unsatisfiable');
  await runInstaller({ file: places.bun, argv, cwd, env, why }, timeoutMs);
};
