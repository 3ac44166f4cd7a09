import type { JobReads } from '../../shared/aws/job-reads.ts';
import type { UpdateDeps } from '../../shared/jobs/job-updates.ts';

/** What long reads need of the outside. */
export type StreamDeps = UpdateDeps & { reads: Pick<JobReads, 'list'> };
