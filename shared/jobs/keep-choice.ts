import type { Completion } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { parseJson } from '../model/json.ts';
import { lockFrom } from '../model/script-lock.ts';
import type { ChosenLocks } from './dependency-ports.ts';
import type { Report } from './ports.ts';
import { CHOICE_MS } from './python-run.ts';

type ChoiceDeps = { chosenLocks: ChosenLocks; report: Report; now: () => number };

/** Keeps what was chosen for the next that want the same. One that cannot be kept, or is no lock, is only chosen again. */
export const keepChoice = async (
  deps: ChoiceDeps,
  job: Job,
  keepAs: string | undefined,
  record: unknown,
): Promise<void> => {
  if (keepAs === undefined) return;
  const lock = lockFrom({ job: job.id, language: job.language }, true, record);
  if (lock.state !== 'ready') return;
  await deps.chosenLocks
    .keep(job.workspace, keepAs, { lock: lock.lock, packages: lock.packages }, deps.now() + CHOICE_MS)
    .catch((error: unknown) => deps.report('chosen packages could not be kept', error, { job: job.id }));
};

/** The same of a dependencies job, whose result it is. */
export const keepResultAsChoice = async (
  deps: ChoiceDeps,
  job: Job,
  keepAs: string | undefined,
  { status, result }: Completion,
): Promise<void> => {
  const told = status === 'success' ? parseJson(result) : undefined;
  if (told?.ok === true) await keepChoice(deps, job, keepAs, told.value);
};
