import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { interpreterFinder } from './interpreters.ts';
import type { Places } from './languages/language-plan.ts';
import { type OutputPipe, pipeMaker } from './output-pipe.ts';
import { PackageFolders } from './packages/package-folders.ts';
import { PlacedPackages } from './packages/placed-packages.ts';
import { putPublished } from './packages/put-packages.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** What lives as long as an execution environment and serves every job in it. */
export type RunnerEnvironment = {
  /** PATH of the jobs. */
  path: string;
  /** Where job folders are made. */
  root: string;
  places: Places;
  /** Packages that were installed from their index, by lock. */
  packages: PlacedPackages;
  /** Packages that were unpacked from their archives. */
  archives: PackageFolders;
  pipe: () => Promise<OutputPipe>;
  watchdog: Watchdog;
  /** Removes the environment's own folder. */
  close: () => void;
};

export type EnvironmentOptions = {
  path: string;
  /** An existing folder to work in. */
  tmp: string;
  /** The folder of the wrappers. */
  wrappers: string;
  node: string;
};

/** Prepares an environment in a folder of its own under `tmp`. */
export const createEnvironment = (options: EnvironmentOptions): RunnerEnvironment => {
  mkdirSync(options.tmp, { recursive: true });
  const root = mkdtempSync(join(options.tmp, 'millrace-'));
  const places = { wrappers: options.wrappers, interpreter: interpreterFinder(options.path), node: options.node };
  return {
    path: options.path,
    root,
    places,
    packages: new PlacedPackages(root, putPublished(root, options.path, places)),
    archives: new PackageFolders(join(root, 'archives')),
    pipe: pipeMaker(root, options.path),
    watchdog: startWatchdog(options.path),
    close: () => rmSync(root, { recursive: true, force: true }),
  };
};
