import { spawn } from 'node:child_process';
import type { Launch } from './launch.ts';
import { killLeftovers, peakMemoryKb } from './processes.ts';

const MEMORY_LOOKS_MS = [20, 200, 1000, 3000, 10_000];

/** Starts the program itself. */
export const spawnLaunch: Launch = async (command, pipe) => {
  const child = spawn(command.file, command.argv, {
    cwd: command.cwd,
    env: command.env,
    ...command.user,
    detached: true,
    stdio: ['ignore', pipe.writeFd, pipe.writeFd],
  });
  pipe.closeWriter();
  const { pid } = child;
  if (pid === undefined) {
    const { promise, reject } = Promise.withResolvers<never>();
    child.once('error', reject);
    return promise;
  }
  const memory = watchMemory(pid);
  const { promise: ended, resolve } = Promise.withResolvers<Awaited<Awaited<ReturnType<Launch>>['ended']>>();
  child.once('exit', (code, signal) => {
    const memPeakKb = memory();
    const leftovers = killLeftovers(pid, command.tmp);
    resolve({ code, signal, leftovers, ...(memPeakKb === undefined ? {} : { memPeakKb }) });
  });
  return { pid, ended };
};

/** Looks at the peak now and then: the kernel forgets it when the process ends. Returns what stops and tells. */
const watchMemory = (pid: number): (() => number | undefined) => {
  let peak: number | undefined;
  let looks = 0;
  const look = (): void => {
    peak = peakMemoryKb(pid) ?? peak;
    looks += 1;
    timer = setTimeout(look, MEMORY_LOOKS_MS[looks] ?? 30_000);
  };
  let timer = setTimeout(look, MEMORY_LOOKS_MS[0]);
  return () => {
    clearTimeout(timer);
    return peak;
  };
};
