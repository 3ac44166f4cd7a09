import { readdirSync, readFileSync } from 'node:fs';

/** SIGKILL to a whole process group. False when there is none any more. */
export const killGroup = (group: number): boolean => {
  try {
    process.kill(-group, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
};

/** Set where the runner has a machine to itself: processes that are no job's. */
let ours: Set<number> | undefined;

/**
 * To be said where every process that comes is the runner's or a job's: in a virtual machine or a process namespace of its
 * own. From then on whatever lives when a job has ended was left behind by it, but for what runs now and what is spared.
 */
export const ownAllProcesses = (): void => {
  ours = new Set(pids());
};

/** A helper process of the runner, which outlives jobs. */
export const spare = (pid: number | undefined): void => {
  if (pid !== undefined) ours?.add(pid);
};

/**
 * Kills what a finished run left behind: first its group, then processes that left the group, known by their environment,
 * which holds the run's private TMPDIR, or because all here are the runner's own (`ownAllProcesses`). Answers how many there were. They are chased for twenty rounds
 * of a millisecond, so one that forks all the time is met again.
 */
export const killLeftovers = (group: number, tmp: string): number => {
  const killed = new Set<number>();
  for (let round = 0; round < 20; round += 1) {
    const inGroup = groupMembers(group);
    const living = [...inGroup, ...escaped(group, tmp)];
    if (living.length === 0) break;
    if (inGroup.length > 0) killGroup(group);
    for (const pid of living) {
      killed.add(pid);
      killOne(pid);
    }
    Atomics.wait(PAUSE, 0, 0, 1);
  }
  return killed.size;
};

/** Killed processes need a moment to be gone; blocking is right here, as nothing else goes on in this environment. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

const killOne = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the look and the kill.
  }
};

const exists = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

const groupMembers = (group: number): number[] =>
  exists(group) ? pids().filter((pid) => stat(pid)?.group === group && stat(pid)?.zombie === false) : [];

/** Only processes younger than the run are looked at; their numbers are higher, unless the kernel started over. */
const escaped = (group: number, tmp: string): number[] => {
  const all = pids();
  const own = ours;
  if (own !== undefined) return all.filter((pid) => !own.has(pid) && isRunning(pid));
  const wrapped = lastPid() < group;
  const marker = `\0TMPDIR=${tmp}\0`;
  return all.filter((pid) => (wrapped || pid > group) && `\0${read(pid, 'environ')}`.includes(marker));
};

const pids = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && Number(name) !== process.pid ? [Number(name)] : []));

const read = (pid: number, what: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
};

const lastPid = (): number => Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));

/** The fields after the name, which is in parentheses and may hold anything. */
const stat = (pid: number): { group: number; zombie: boolean } | undefined => {
  const text = read(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? undefined : { group: Number(fields[2]), zombie: fields[0] === 'Z' };
};

/** False for a zombie too: nothing of it runs any more. */
export const isRunning = (pid: number): boolean => stat(pid)?.zombie === false;

/** Peak resident memory so far, KiB; undefined when the process is gone. */
export const peakMemoryKb = (pid: number): number | undefined => {
  const match = /VmHWM:\s+(\d+) kB/.exec(read(pid, 'status'));
  return match?.[1] === undefined ? undefined : Number(match[1]);
};
