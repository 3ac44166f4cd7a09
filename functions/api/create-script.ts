import type { Rosters } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import { DEPLOYERS, type Roster } from '../../shared/model/roster.ts';
import { isNoop, type NewScript, type OnBehalfOf, type ScriptVersion } from '../../shared/model/script.ts';
import { checkMayWrite } from './item-checks.ts';
import { type RelockDeps, relockImporters } from './relock-importers.ts';
import { saveVersion } from './save-version.ts';

export type ScriptDeps = RelockDeps & {
  rosters: Rosters;
  catalog: Pick<ScriptCatalog, 'archive' | 'deleteVersion' | 'deletePath' | 'heads' | 'history'>;
};

/** A version is one item of the table (400 KB at most), so its texts together may be this long. */
const LIMIT_BYTES = 300 * 1024;
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
  const { username: by, permissioned_as, email } = made.standing;
  const owner = { created_by: by, permissioned_as, email };
  const saving = { workspace, script, head, parent, by, owner, on_behalf_of };
  const { hash, outcome } = await saveVersion(deps, saving, made.now);
  switch (outcome) {
    case 'added':
      if (script.language !== 'bash') await relockImporters(deps, workspace, script.path, made);
      return hash;
    case 'same-hash':
      throw badRequest('A script with same hash (hence same path, description, summary, content) already exists!');
    case 'head-moved':
      throw badRequest(
        `Path conflict for ${script.path}: another version was made at the same time. The lineage must be linear: no 2 scripts can have the same parent`,
      );
  }
};
