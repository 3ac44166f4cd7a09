import type { Standing } from '../../shared/access/standing.ts';
import type { Cancelation, Canceled } from '../../shared/jobs/cancel-job.ts';
import { successorOf } from '../../shared/jobs/restart-perpetual.ts';
import { runFollowups } from '../../shared/jobs/run-followups.ts';
import { cancelFamilies, type FamilyDeps, seenJobs } from './cancel-family.ts';

/** Looks at the queue before giving up on a path whose jobs come faster than they are canceled. */
const MOST_LOOKS = 5;

/**
 * Cancels the queued and running jobs of a path that `standing` may see, until none is found that was not met before. A
 * perpetual job that ended just now has its next run made by this very call, which then cancels that too. Answers how many
 * jobs were canceled.
 */
export const cancelPersistent = async (
  deps: FamilyDeps,
  { workspace, path }: { workspace: string; path: string },
  standing: Standing,
  cancelation: Cancelation,
): Promise<number> => {
  const met = new Set<string>();
  let canceled = 0;
  let next = await deps.live.ofPath(workspace, path);
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const fresh = next.filter((id) => !met.has(id));
    if (fresh.length === 0) break;
    for (const id of fresh) met.add(id);
    const jobs = await seenJobs(deps, workspace, fresh, standing);
    const outcomes = await cancelFamilies(deps, workspace, jobs, standing, cancelation);
    const ofJobs = jobs.flatMap(({ id }) => outcomes.get(id) ?? []);
    canceled += ofJobs.filter(({ is }) => is === 'canceled' || is === 'stopping').length;
    next = [...(await successors(deps, ofJobs, cancelation.now)), ...(await deps.live.ofPath(workspace, path))];
  }
  return canceled;
};

/** The next runs of perpetual jobs that had ended before they could be canceled. */
const successors = async (deps: FamilyDeps, outcomes: readonly Canceled[], now: number): Promise<string[]> => {
  const ids: string[] = [];
  for (const outcome of outcomes) {
    if (outcome.is !== 'already-completed' || outcome.job.restart_unless_cancelled !== true) continue;
    await runFollowups(deps, outcome.job, now);
    ids.push(await successorOf(outcome.job));
  }
  return ids;
};
