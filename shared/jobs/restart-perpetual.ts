import { uuidV5 } from '../model/ids.ts';
import type { Job, JobKey } from '../model/job.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { settingsOf } from '../model/run-settings.ts';
import type { ScriptDirectory } from './plan-run.ts';
import { type StartDeps, startOnce } from './start-job.ts';

/** A perpetual script runs at most once in so long, however soon it ends (reference 1.10). */
const NOT_BEFORE_MS = 10_000;

/** The id of the run that follows this one: fixed, so that starting it twice starts one. */
export const successorOf = (job: JobKey): Promise<string> => uuidV5(job.id, 'restart');

/**
 * Starts the next run of a perpetual script with the arguments of the one that ended. The newest version takes over; the
 * circle ends when its path is archived or a version came that is not perpetual. Done twice it makes one job.
 */
export const restartPerpetual = async (
  deps: StartDeps & { scripts: Pick<ScriptDirectory, 'newest'> },
  job: Job,
  now: number,
): Promise<void> => {
  const script = job.path === undefined ? undefined : await deps.scripts.newest(job.workspace, job.path);
  if (script?.settings?.restart_unless_cancelled !== true) return;
  const { path, hash, language, tag, timeout, priority } = script;
  const id = await successorOf(job);
  const argsText = await deps.payloads.get(job, job.args);
  const parsed = parseJson(argsText);
  const args = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  await startOnce(
    deps,
    {
      workspace: job.workspace,
      runnable: { kind: 'script', path, hash, language },
      args,
      argsText,
      owner: { created_by: job.created_by, permissioned_as: job.permissioned_as, email: job.email },
      tag: tag ?? job.tag,
      timeout_s: timeout || job.timeout_s,
      id,
      ...(priority === undefined ? {} : { priority }),
      repeatable: false,
      scheduled_for: Math.max(now, (job.started_at ?? now) + NOT_BEFORE_MS),
      visible_to_owner: job.visible_to_owner,
      settings: settingsOf(script.settings, { workspace: job.workspace, path, args, cache_ttl: undefined }),
    },
    now,
  );
};
