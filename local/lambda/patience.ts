import { availableParallelism } from 'node:os';

/** What one tenant's environments of a function are doing. Times are milliseconds of the monotonic clock. */
export type Load = { starting: number; busy: number; freedAt: number };

/** An event waits at least so long for a busy environment before another is started. */
const PATIENCE_MS = 12;
/** About what a start costs; events shorter than this are taken to be all CPU. */
const START_MS = 80;
/** When no environment became free for so long, they are taken to be at long work, whatever the average says. */
const STALL_MS = 150;
/** More processes than these do no CPU work sooner. */
const ENOUGH = 2 * availableParallelism();

/** How soon to look again whether an event should go on waiting. */
export const LOOK_AGAIN_MS = 15;

/**
 * Whether an event that has waited since `since` should wait on for a busy environment rather than have another one
 * started: a start is all CPU, so a burst of short events is done sooner by a few processes.
 */
export const isWorthWaiting = (load: Load, since: number, averageMs: number, now: number): boolean => {
  if (load.busy === 0) return false;
  if (now - since < PATIENCE_MS) return true;
  return averageMs < START_MS && load.busy + load.starting >= ENOUGH && now - load.freedAt < STALL_MS;
};
