import { attemptControl } from '../../shared/contracts/frames.ts';
import { controlRoute, type Route } from '../../shared/http/route.ts';
import type { JobStore } from '../../shared/jobs/ports.ts';
import { controlOf } from '../../shared/model/control.ts';

/** What runners may ask. */
export const framesRoutes = (deps: { jobs: JobStore }): Route[] => [
  controlRoute(attemptControl, async ({ params }) => ({
    body: controlOf(await deps.jobs.get(params), params.attempt),
  })),
];
