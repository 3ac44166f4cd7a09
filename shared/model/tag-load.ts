/** A job whose time has come. Times are milliseconds since 1970. */
export type DueJob = { tag: string; scheduled_for: number; status: 'queued' | 'running' };

/** How a tag is loaded; `delay_s`: how long the first of those that wait has waited. */
export type TagLoad = { waiting: number; running: number; delay_s?: number };

/** A job that is due for less than this is on its way to a worker (Windmill's rule). */
const ON_ITS_WAY_MS = 3_000;

/** The load of each tag that has some. */
export const loadsOf = (jobs: Iterable<DueJob>, now: number): Map<string, TagLoad> => {
  const loads = new Map<string, TagLoad>();
  for (const { tag, scheduled_for, status } of jobs) {
    const { waiting, running, delay_s = 0 } = loads.get(tag) ?? { waiting: 0, running: 0 };
    const waits = now - scheduled_for;
    if (status === 'running') loads.set(tag, { waiting, running: running + 1, ...(waiting > 0 ? { delay_s } : {}) });
    else if (waits > ON_ITS_WAY_MS)
      loads.set(tag, { waiting: waiting + 1, running, delay_s: Math.max(delay_s, waits / 1000) });
  }
  return loads;
};
