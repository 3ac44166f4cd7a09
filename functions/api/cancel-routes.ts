import type { Principal } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import {
  cancelPersistentQueuedJobs,
  cancelQueuedJob,
  cancelSelection,
  forceCancelQueuedJob,
} from '../../shared/contracts/job-cancels.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { Canceled } from '../../shared/jobs/cancel-job.ts';
import type { AuditTrail } from '../../shared/jobs/value-ports.ts';
import { visibleJob } from '../../shared/jobs/visible-job.ts';
import { badRequest, notFound, unreachable } from '../../shared/model/errors.ts';
import type { Job, JobKey } from '../../shared/model/job.ts';
import { cancelFamilies, type FamilyDeps, seenJobs } from './cancel-family.ts';
import { cancelPersistent } from './cancel-persistent.ts';
import { eachOf } from './each-of.ts';

export type CancelRouteDeps = FamilyDeps & { audit: AuditTrail };

/** Lines written at the same time. */
const AT_ONCE = 50;

/** What canceling led to, in Windmill's words. */
const told = (canceled: Canceled | undefined, key: JobKey): string => {
  switch (canceled?.is) {
    case 'canceled':
    case 'stopping':
      return key.id;
    case 'already-completed':
      return `queued job id ${key.id} is already completed`;
    case 'future-tick':
      throw badRequest(
        `Bad request: Cannot cancel a future tick of a schedule, cancel the schedule directly (${canceled.job.schedule_path})`,
      );
    case 'unknown':
    case undefined:
      throw notFound(`Job not found: ${key.id} does not exist in workspace ${key.workspace}`);
    default:
      return unreachable(canceled);
  }
};

type Asked = {
  standing: Standing;
  body: { reason?: string | null | undefined };
  request: { id: string };
  now: number;
};
const cancelationOf = ({ standing, body, request, now }: Asked) => ({
  by: { by: standing.username, reason: body.reason ?? undefined },
  op: `cancel:${request.id}`,
  now,
});

const singleRoutes = (deps: FamilyDeps): Route[] => {
  const cancelOne = async (asked: Asked & { params: JobKey }, force: boolean): Promise<{ body: string }> => {
    const job = await visibleJob(deps.jobs, asked.standing, asked.params);
    const cancelation = { ...cancelationOf(asked), force };
    const outcomes = await cancelFamilies(deps, job.workspace, [job], asked.standing, cancelation);
    return { body: told(outcomes.get(job.id), asked.params) };
  };
  return [
    route(cancelQueuedJob, (asked) => cancelOne(asked, false)),
    route(forceCancelQueuedJob, (asked) => cancelOne(asked, true)),
  ];
};

/** The lines that canceling these jobs one by one would have left. */
const writeAudit = async (
  deps: CancelRouteDeps,
  jobs: readonly Job[],
  who: { principal: Principal; standing: Standing },
  more: { now: number; force: boolean },
): Promise<void> =>
  eachOf(jobs, AT_ONCE, ({ workspace, id }) =>
    deps.audit.append({
      workspace,
      timestamp: more.now,
      username: who.standing.username,
      email: who.principal.email,
      operation: more.force ? 'jobs.force_cancel' : 'jobs.cancel',
      action_kind: 'Execute',
      resource: id,
      ...(who.principal.kind === 'job' ? { job: who.principal.job_id } : {}),
    }),
  );

const selectionRoute = (deps: CancelRouteDeps): Route =>
  route(cancelSelection, async ({ params: { workspace }, query, body: ids, principal, standing, request, now }) => {
    const force = query.force_cancel;
    const jobs = await seenJobs(deps, workspace, ids, standing);
    const cancelation = { ...cancelationOf({ standing, body: {}, request, now }), force };
    const outcomes = await cancelFamilies(deps, workspace, jobs, standing, cancelation);
    const canceled = jobs.filter(({ id }) => {
      const is = outcomes.get(id)?.is;
      return is === 'canceled' || is === 'stopping';
    });
    await writeAudit(deps, canceled, { principal, standing }, { now, force });
    const done = new Set(canceled.map(({ id }) => id));
    return { body: [...new Set(ids)].filter((id) => done.has(id)) };
  });

const persistentRoute = (deps: FamilyDeps): Route =>
  route(cancelPersistentQueuedJobs, async (asked) => {
    const count = await cancelPersistent(deps, asked.params, asked.standing, cancelationOf(asked));
    return { body: `canceled ${count} ${count === 1 ? 'job' : 'jobs'} of ${asked.params.path}` };
  });

/** Canceling: one job, a selection, all of a path. */
export const cancelRoutes = (deps: CancelRouteDeps): Route[] => [
  ...singleRoutes(deps),
  selectionRoute(deps),
  persistentRoute(deps),
];
