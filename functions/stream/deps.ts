import type { JobReads } from '../../shared/aws/job-reads.ts';
import type { PayloadStore } from '../../shared/jobs/payload-ports.ts';
import type { JobStore } from '../../shared/jobs/ports.ts';
import type { Job } from '../../shared/model/job.ts';
import type { LogPart } from '../../shared/model/log-pages.ts';

/** What long reads need of the outside. */
export type StreamDeps = {
  jobs: JobStore;
  payloads: PayloadStore;
  logs: { parts(job: Job): Promise<LogPart[]>; text(parts: LogPart[]): AsyncIterable<string> };
  reads: Pick<JobReads, 'list'>;
  now: () => number;
  wait: (ms: number) => Promise<void>;
};
