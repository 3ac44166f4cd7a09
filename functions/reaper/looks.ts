/** A span of due times, in milliseconds since 1970: `from` exclusive, `to` inclusive. */
export type Span = { from: number; to: number };

const MINUTE_MS = 60_000;
/** A job this long past its time may have lost its message; a younger one is on its way. */
const OVERDUE_MS = 30_000;

/**
 * The spans of due times whose jobs are looked at in the minute of `now`, youngest first, as far back as `oldestDue`. A job
 * is in one of them in the 1st, 2nd, 4th, 8th... minute of its wait: one that waits for a day is looked at a dozen times, and
 * a look costs what came in during a few minutes, however long the backlog.
 */
export const looksAt = (now: number, oldestDue: number): Span[] => {
  const spans: Span[] = [];
  for (let minute = 1; now - oldestDue >= (minute - 0.5) * MINUTE_MS; minute *= 2) {
    const youngest = Math.max(OVERDUE_MS, (minute - 0.5) * MINUTE_MS);
    spans.push({ from: now - (minute + 0.5) * MINUTE_MS, to: now - youngest });
  }
  return spans;
};

/** While so many messages of a tag wait for workers, a job that waits has most likely not lost its own. */
const BACKLOG = 500;
/** A job that waited so long is sent again whatever waits before it. */
const PATIENCE_MS = 64 * MINUTE_MS;

/** Whether a job that waits for `ageMs` is sent again, where `backlog` messages of its tag wait: a backlog must not double itself. */
export const isResent = (ageMs: number, backlog: number): boolean => backlog < BACKLOG || ageMs >= PATIENCE_MS;
