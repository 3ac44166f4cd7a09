import { attemptControl, packageUploads, resultUpload } from '../../shared/contracts/frames.ts';
import { controlRoute, type Route } from '../../shared/http/route.ts';
import { LARGEST_RESULT_BYTES } from '../../shared/jobs/large-result.ts';
import type { PackageArchives } from '../../shared/jobs/package-ports.ts';
import type { UploadStore } from '../../shared/jobs/payload-ports.ts';
import type { JobStore } from '../../shared/jobs/ports.ts';
import { controlOf } from '../../shared/model/control.ts';
import { Problem } from '../../shared/model/errors.ts';

/** A large result is under way by then, or never. */
const UPLOAD_SECONDS = 300;

const MAKES_PACKAGES: ReadonlySet<string> = new Set(['dependencies']);

/** What runners may ask. */
export const framesRoutes = (deps: { jobs: JobStore; uploads: UploadStore; packages: PackageArchives }): Route[] => [
  controlRoute(attemptControl, async ({ params }) => ({
    body: controlOf(await deps.jobs.get(params), params.attempt),
  })),
  controlRoute(resultUpload, async ({ params, body }) => {
    const job = await deps.jobs.get(params);
    if (job?.status !== 'running' || job.attempt !== params.attempt)
      throw new Problem(409, 'the attempt is over: its result is not wanted any more');
    if (body.bytes > LARGEST_RESULT_BYTES)
      throw new Problem(413, `${body.bytes} bytes are more than the limit of ${LARGEST_RESULT_BYTES}`);
    return { body: await deps.uploads.invite({ job, kind: 'result', attempt: params.attempt }, body, UPLOAD_SECONDS) };
  }),
  controlRoute(packageUploads, async ({ params, body }) => {
    const job = await deps.jobs.get(params);
    if (job?.status !== 'running' || job.attempt !== params.attempt)
      throw new Problem(409, 'the attempt is over: its packages are not wanted any more');
    if (!MAKES_PACKAGES.has(job.kind)) throw new Problem(403, 'only a dependencies job may store packages');
    return { body: { places: await deps.packages.places(job.workspace, body.archives, UPLOAD_SECONDS) } };
  }),
];
