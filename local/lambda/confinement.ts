import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { FunctionDefinition } from './definitions.ts';

/** How an environment of a tenant is shut in, as on Lambda a virtual machine would (see runtime/confine.py). */
export type Confinement = {
  /** A Python with its standard library, to run confine.py. */
  python: string;
  /** Folders that are empty inside: the state of the local cloud, the user's home. */
  hide: string[];
  /** Folders that are as they are, read-only, in a hidden folder too. */
  keep: string[];
  /** Folders of this machine that scripts may read and write. */
  share: string[];
};

/** /tmp of a Lambda function, MB. */
const TMP_MB = 512;
/** How confine.py ends when a tenant has too many processes. */
export const TOO_MANY_TASKS = 199;
const CONFINE = join(import.meta.dirname, 'runtime', 'confine.py');
const run = promisify(execFile);

/** The command line that runs `program` shut in, within the function's memory. */
export const confined = (
  { python, hide, keep, share }: Confinement,
  { codeDir, memoryMb }: Pick<FunctionDefinition, 'codeDir' | 'memoryMb'>,
  program: readonly string[],
): string[] => {
  const spec = { hide, keep: [...keep, codeDir], share, tmpMb: TMP_MB, memoryMb };
  // -I -S: nothing but the standard library, whatever the user has set up for his Python
  return [python, '-I', '-S', '-B', CONFINE, JSON.stringify(spec), ...program];
};

/** What an interpreter may really be, behind the links of version managers and virtual environments. */
const behindLinks = (folders: string[]): string[] =>
  folders
    .flatMap((folder) => ['python3', 'bash', 'bun', 'node'].flatMap((name) => real(join(folder, name))))
    .map(dirname);

const real = (path: string): string[] => (existsSync(path) ? [realpathSync(path)] : []);

const distinct = (paths: string[]): string[] =>
  [...new Set(paths)].filter((path) => !/^\/(usr|bin|sbin|lib)\b/.test(path));

/** `x/bin` needs what stands beside it in `x`; where that is the home itself, the folder alone must do. */
const prefixesOf = (folders: string[], home: string): string[] =>
  folders.flatMap((folder) => {
    const prefix = dirname(folder);
    return `${home}/`.startsWith(`${prefix}/`) || prefix === '/' ? [folder] : [prefix];
  });

/**
 * What this machine can do: a confinement that was tried, or why there can be none. `root` is the folder of the program,
 * `stateDir` that of its state, `imagePath` the PATH of image functions.
 */
export const findConfinement = async (machine: {
  root: string;
  stateDir: string;
  imagePath: string;
  share: string[];
  home: string | undefined;
  node: string;
}): Promise<Confinement | string> => {
  if (process.platform !== 'linux') return `${process.platform} has no namespaces`;
  const folders = machine.imagePath.split(delimiter).filter((folder) => existsSync(folder));
  const home = real(machine.home ?? '/').find((path) => path !== '/');
  const python = ['/usr/bin', ...folders].map((folder) => join(folder, 'python3')).find((file) => existsSync(file));
  if (python === undefined) return 'there is no python3';
  const node = realpathSync(machine.node);
  const confinement = {
    python,
    share: machine.share.flatMap(real),
    hide: [...real('/run'), ...real(machine.stateDir), ...(home === undefined ? [] : [home])],
    keep: distinct([
      ...real(machine.root),
      ...prefixesOf([...folders, ...folders.flatMap(real), ...behindLinks(folders), dirname(node)], home ?? '/'),
      ...real('/etc/resolv.conf'),
    ]),
  };
  const [file = '', ...argv] = confined(confinement, { codeDir: machine.root, memoryMb: 512 }, [node, '--version']);
  try {
    await run(file, argv, { timeout: 10_000 });
    return confinement;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n').at(-2) ?? error.message) : String(error);
  }
};
