import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The private folders of one environment. Everything that runs in the environment names `root` in its environment. */
export type EnvironmentFolder = { root: string; tmp: string; work: string };

/** Makes the folders, readable by this user only. */
export const makeEnvironmentFolder = (parent: string, id: string): EnvironmentFolder => {
  const root = join(parent, id);
  const folder = { root, tmp: join(root, 'tmp'), work: join(root, 'work') };
  mkdirSync(folder.tmp, { recursive: true, mode: 0o700 });
  mkdirSync(folder.work, { mode: 0o700 });
  return folder;
};

const pidFile = (root: string): string => join(root, 'pid');

export const writePid = (folder: EnvironmentFolder, pid: number): void => writeFileSync(pidFile(folder.root), `${pid}`);

/** SIGKILL to a process group; false when there is none. */
export const killGroup = (pid: number): boolean => {
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
};

const readQuietly = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

const belongsTo = (pid: string, root: string): boolean =>
  readQuietly(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(`${root}/`) ||
  readQuietly(() => readFileSync(`/proc/${pid}/environ`, 'latin1')).includes(`=${root}/`);

/**
 * Kills whatever still runs in an environment's folders: processes that left the group, too. On Lambda the whole
 * sandbox ends; here they are found by working folder and environment. Only Linux has /proc; elsewhere it does nothing.
 */
const sweepProcesses = (root: string): void => {
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return;
  }
  for (const pid of pids) {
    if (Number(pid) === process.pid || !belongsTo(pid, root)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it ended by itself meanwhile
    }
  }
};

const removeFolder = (root: string): void => rmSync(root, { recursive: true, force: true, maxRetries: 3 });

/** Ends all that runs in the folder, then removes it. */
export const endEnvironmentFolder = (root: string): void => {
  sweepProcesses(root);
  removeFolder(root);
};

/** Ends environments of an earlier run that was killed, and removes their folders. */
export const endStaleEnvironments = (parent: string): void => {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return;
  }
  for (const root of names.map((name) => join(parent, name))) {
    const pid = Number(readQuietly(() => readFileSync(pidFile(root), 'utf8')));
    // the pid may be another program's by now: only a process that names the folder is ours
    if (pid > 1 && belongsTo(String(pid), root)) killGroup(pid);
    endEnvironmentFolder(root);
  }
};
