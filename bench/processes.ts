import { readdirSync, readFileSync } from 'node:fs';

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
};

/** Parent of every process there is; the name in `stat` stands in parentheses and may hold anything. */
const parents = (): Map<number, number> => {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.map((pid) => {
      const stat = read(`/proc/${pid}/stat`);
      return [Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])];
    }),
  );
};

/** A process and all that descend from it. */
export const familyOf = (root: number): number[] => {
  const parentOf = parents();
  const family = new Set([root]);
  for (const member of family) {
    for (const [pid, parent] of parentOf) if (parent === member) family.add(pid);
  }
  return [...family];
};

/** Resident bytes of a process, shared pages divided among those who share them (Pss); 0 when it is gone. */
const residentBytes = (pid: number): number =>
  1024 * Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);

export type Memory = { bytes: number; processes: number };

/** What a process and its descendants hold in memory together. Linux only: 0 elsewhere. */
export const familyMemory = (root: number): Memory => {
  const family = familyOf(root);
  return { bytes: family.reduce((sum, pid) => sum + residentBytes(pid), 0), processes: family.length };
};
