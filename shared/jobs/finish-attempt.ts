import type { Completion } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { type FinishOrTellDeps, finishJob, finishMasked } from './finish-job.ts';
import type { LogWriter } from './log-writer.ts';

/** An error longer than this may be stored outside the job's item, before the write that would tell that it needs masking. */
const LONG_ERROR_CHARS = 100;

/**
 * Ends an attempt with its outcome and the end of its log, both masked. The masks are not read for it: the write that
 * ends the job is refused when there are more than its worker knows of, and made again once they are read. Nothing runs
 * any more by then, so that one reading is enough. Only a failure with a long error pays a read first.
 */
export const finishAttempt = async (
  deps: FinishOrTellDeps & { now: () => number },
  job: Job,
  ran: { completion: Completion; timedOut: boolean },
  log: LogWriter,
  op: string,
): Promise<Job | undefined> => {
  const { completion } = ran;
  const longError = completion.status !== 'success' && completion.result.length > LONG_ERROR_CHARS;
  const end = await log.end(longError);
  const more = {
    op,
    now: deps.now(),
    ...(ran.timedOut ? { canceledBy: 'timeout', canceledReason: `duration > ${job.timeout_s}` } : {}),
  };
  const finished = await finishMasked(
    deps,
    job,
    log.masks.completion(completion),
    { ...more, ...tail(end) },
    end.masks,
  );
  if (finished !== 'unmasked') return finished;
  const certain = await log.end(true);
  return finishJob(deps, job, log.masks.completion(completion), { ...more, ...tail(certain) });
};

const tail = ({ tail }: Awaited<ReturnType<LogWriter['end']>>) => (tail === undefined ? {} : { logTail: tail });
