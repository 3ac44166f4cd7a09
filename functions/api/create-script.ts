import type { Rosters } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import type { ScriptReads } from '../../shared/aws/catalog-scripts.ts';
import type { ScriptLocks } from '../../shared/jobs/dependency-ports.ts';
import type { Report } from '../../shared/jobs/ports.ts';
import { makeDependenciesJob, skipDependenciesJob } from '../../shared/jobs/start-dependencies.ts';
import type { StartDeps } from '../../shared/jobs/start-job.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import type { Job } from '../../shared/model/job.ts';
import { DEPLOYERS, type Roster } from '../../shared/model/roster.ts';
import {
  hashInput,
  isNoop,
  type NewScript,
  newVersion,
  type OnBehalfOf,
  type ScriptVersion,
} from '../../shared/model/script.ts';
import { needsDependenciesJob } from '../../shared/model/script-needs.ts';
import { checkMayWrite } from './item-checks.ts';

export type ScriptDeps = {
  reads: Pick<ScriptReads, 'head' | 'version'>;
  rosters: Rosters;
  locks: ScriptLocks;
  /** What starting dependencies jobs takes. */
  start: StartDeps;
  report: Report;
  catalog: Pick<ScriptCatalog, 'add' | 'archive' | 'deleteVersion' | 'deletePath' | 'heads' | 'history'>;
};

/** A version is one item of the table (400 KB at most), so its texts together may be this long. */
const LIMIT_BYTES = 300 * 1024;
/** `parent_hashes` names this many ancestors; the history has them all. */
const KEPT_PARENTS = 20;

const checkSize = (script: NewScript): void => {
  const bytes = Buffer.byteLength(JSON.stringify(script));
  if (bytes > LIMIT_BYTES)
    throw new Problem(413, `body content: the script is ${bytes} bytes long, more than the limit of ${LIMIT_BYTES}`);
};

/** The version that the new one follows; throws 400 in Windmill's words when the request names another one. */
const parentOf = (script: NewScript, current: ScriptVersion | undefined): ScriptVersion | undefined => {
  if (current === undefined) {
    if (script.parent_hash)
      throw badRequest(`The parent hash ${script.parent_hash} does not seem to exist at path ${script.path}`);
    return undefined;
  }
  if (script.parent_hash === current.hash || script.auto_parent || current.archived) return current;
  if (script.parent_hash)
    throw badRequest(
      `A script with hash ${current.hash} with same parent_hash has been found. However, the lineage must be linear: no 2 scripts can have the same parent`,
    );
  throw badRequest(`Path conflict for ${script.path} with non-archived hash ${current.hash}`);
};

/**
 * Whom the version runs as when it says so: its deployer, or, for admins and members of `wm_deployers`, the member whose
 * email is given (Windmill's rule).
 */
const onBehalfOf = async (
  script: NewScript,
  made: { standing: Standing; roster: () => Promise<Roster | undefined> },
): Promise<OnBehalfOf | undefined> => {
  const { standing } = made;
  const email = script.on_behalf_of_email;
  if (!email) return undefined;
  if (email === standing.email) return { permissioned_as: standing.permissioned_as, email };
  if (!standing.is_admin && !standing.groups.includes(DEPLOYERS))
    throw new Problem(403, `Permission denied: only admins and ${DEPLOYERS} may deploy on behalf of ${email}`);
  const roster = await made.roster();
  const member = [...(roster?.members.values() ?? [])].find((known) => known.email === email);
  if (member === undefined)
    throw badRequest(`Bad request: body on_behalf_of_email: ${email} is no member of the workspace`);
  return { permissioned_as: `u/${member.username}`, email };
};

/** A client that pulled the lock that was made for a version, and pushes it again, changes nothing. */
const isUnchanged = async (deps: ScriptDeps, workspace: string, script: NewScript, current: ScriptVersion) => {
  if (isNoop(script, current)) return true;
  if (current.lock_job === undefined || current.lock) return false;
  const lock = await deps.locks.get(workspace, current.hash);
  return lock?.state === 'ready' && isNoop(script, { ...current, lock: lock.lock });
};

/** The job that a version waits for, made before the version so that none can wait for nothing. `job`: it is yet to run. */
const waitsFor = async (
  deps: ScriptDeps,
  workspace: string,
  script: NewScript,
  hash: string,
  { standing, now }: { standing: Standing; now: number },
): Promise<{ id: string; job?: Job } | undefined> => {
  if (!needsDependenciesJob(script)) return undefined;
  // The same version was there before and was deleted: its lock never changes.
  const known = await deps.locks.get(workspace, hash);
  if (known?.state === 'ready') return { id: known.job };
  const { username: created_by, permissioned_as, email } = standing;
  const owner = { created_by, permissioned_as, email };
  const { path, language } = script;
  const job = await makeDependenciesJob(deps.start, { workspace, path, hash, language, owner }, now);
  return { id: job.id, job };
};

/** A message that cannot be sent now the reaper sends: the version is saved all the same. */
const letGo = async (deps: ScriptDeps, job: Job, saved: boolean, now: number): Promise<void> => {
  try {
    await (saved ? deps.start.queue.send(job, now, now) : skipDependenciesJob(deps.start, job, now));
  } catch (error) {
    deps.report('a dependencies job is left to the reaper', error, { job: job.id });
  }
};

/**
 * Makes a version and moves its path's head to it; answers its hash. Of two that follow the same parent at once, one
 * wins and the other is told. With `skipIfNoop` a version that would change nothing is not made.
 */
export const createScript = async (
  deps: ScriptDeps,
  workspace: string,
  script: NewScript,
  made: { standing: Standing; roster: () => Promise<Roster | undefined>; now: number; skipIfNoop: boolean },
): Promise<string> => {
  checkSize(script);
  const head = await deps.reads.head(workspace, script.path);
  checkMayWrite(made.standing, script.path, head?.extra_perms);
  const on_behalf_of = await onBehalfOf(script, made);
  const current = head === undefined ? undefined : await deps.reads.version(workspace, head.hash);
  if (made.skipIfNoop && current !== undefined && (await isUnchanged(deps, workspace, script, current)))
    return current.hash;
  const parent = parentOf(script, current);
  const hash = (await sha256Hex(hashInput(workspace, script, parent?.hash))).slice(0, 16);
  const parents = parent === undefined ? [] : [parent.hash, ...parent.parent_hashes].slice(0, KEPT_PARENTS);
  const waits = await waitsFor(deps, workspace, script, hash, made);
  const version = newVersion(script, {
    hash,
    parents,
    by: made.standing.username,
    now: made.now,
    on_behalf_of,
    lock_job: waits?.id,
  });
  const outcome = await deps.catalog.add(workspace, version, head);
  if (waits?.job !== undefined) await letGo(deps, waits.job, outcome !== 'head-moved', made.now);
  switch (outcome) {
    case 'added':
      return hash;
    case 'same-hash':
      throw badRequest('A script with same hash (hence same path, description, summary, content) already exists!');
    case 'head-moved':
      throw badRequest(
        `Path conflict for ${script.path}: another version was made at the same time. The lineage must be linear: no 2 scripts can have the same parent`,
      );
  }
};
