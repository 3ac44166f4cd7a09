import { exportedJob } from '../../shared/model/exported-job.ts';
import type { Job, Payload } from '../../shared/model/job.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import type { StreamDeps } from './deps.ts';

/** Jobs read at the same time: enough to hide the network. */
const AT_ONCE = 10;
/** With a value as large as this in sight jobs are read one by one, so that memory holds one of them. */
const LARGE_BYTES = 1_000_000;

const bytesOf = (payload: Payload | undefined): number =>
  payload === undefined || payload.at === 'inline' ? 0 : payload.bytes;

const isLarge = ({ args, code, result }: Job): boolean =>
  bytesOf(args) + bytesOf(code) + bytesOf(result) >= LARGE_BYTES;

/** Windmill's form of a whole job (ExportableCompletedJob, ExportableQueuedJob), nothing left out and nothing cut. */
const wholeJob = async (deps: StreamDeps, job: Job): Promise<string> => {
  const read = (payload: Payload | undefined): Promise<string | undefined> | undefined =>
    payload && deps.payloads.get(job, payload);
  const texts: string[] = [];
  for await (const text of deps.logs.text(await deps.logs.parts(job))) texts.push(text);
  const [args, result, code] = await Promise.all([read(job.args), read(job.result), read(job.code)]);
  const raw_code = code === undefined ? undefined : JSON.stringify(code);
  return withRawFields(exportedJob(job), { args, result, raw_code, logs: JSON.stringify(texts.join('')) });
};

/** A JSON array of whole jobs, in pieces. */
export async function* exportedJobs(deps: StreamDeps, jobs: readonly Job[]): AsyncIterable<string> {
  yield '[';
  for (let from = 0; from < jobs.length; ) {
    const next = jobs.slice(from, from + AT_ONCE);
    const group = next.some(isLarge) ? next.slice(0, 1) : next;
    const texts = await Promise.all(group.map((job) => wholeJob(deps, job)));
    yield `${from === 0 ? '' : ',\n'}${texts.join(',\n')}`;
    from += group.length;
  }
  yield ']';
}
