import type { Job } from '../model/job.ts';
import { parseJson } from '../model/json.ts';
import { lockFrom, rebuilt } from '../model/script-lock.ts';
import type { ScriptLocks } from './dependency-ports.ts';
import type { PayloadStore } from './payload-ports.ts';

/**
 * Writes what a dependencies job came to beside the version it was for. Twice is harmless. One that was skipped had no version,
 * or none that was saved.
 */
export const keepLock = async (
  { payloads, locks }: { payloads: PayloadStore; locks: ScriptLocks },
  job: Job,
): Promise<void> => {
  const { workspace, hash, status, result, language, completed_at = 0 } = job;
  if (hash === undefined || status === 'skipped' || result === undefined) return;
  const told = parseJson(await payloads.get(job, result));
  const made = lockFrom({ job: job.id, language }, status === 'success', told.ok ? told.value : undefined);
  const known = await locks.fresh(workspace, hash);
  if (known?.state !== 'ready') await locks.put(workspace, hash, made);
  else if (known.rebuild === job.id)
    await locks.replace(workspace, hash, known.job, rebuilt(known, made, completed_at));
};
