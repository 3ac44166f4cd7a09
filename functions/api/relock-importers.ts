import { mayWrite } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import type { ScriptReads } from '../../shared/aws/catalog-scripts.ts';
import type { RunRequest } from '../../shared/model/request.ts';
import type { Roster } from '../../shared/model/roster.ts';
import { asNewScript, type ScriptVersion } from '../../shared/model/script.ts';
import { type SaveDeps, saveVersion } from './save-version.ts';

export type RelockDeps = SaveDeps & {
  reads: Pick<ScriptReads, 'head' | 'version'>;
  catalog: Pick<ScriptCatalog, 'add' | 'importers'>;
};

type Made = { standing: Standing; roster: () => Promise<Roster | undefined>; now: number };

/** Scripts that are locked anew for one that changed. */
const MOST_IMPORTERS = 100;

/**
 * Gives a new version, and so a new lock, to every script that imports the one at `path`, directly or not: what that needs now
 * they need too. Their code stays, and so do their authors, whose rights decide what they may import. A script with a lock of
 * its author's keeps it. Never throws: the script that changed is saved, and a lock that was not made is told of.
 */
export const relockImporters = async (deps: RelockDeps, workspace: string, path: string, made: Made): Promise<void> => {
  try {
    const seen = new Set([path]);
    let next = [path];
    while (next.length > 0 && seen.size <= MOST_IMPORTERS) {
      const found = await Promise.all(next.map((one) => deps.catalog.importers(workspace, one)));
      const fresh = found.flat().filter((one) => !seen.has(one.path));
      next = [...new Set(fresh.map((one) => one.path))];
      for (const one of next) seen.add(one);
      await Promise.all(fresh.map((one) => relock(deps, workspace, one, path, made)));
    }
    if (next.length > 0) throw new Error(`${path} is imported by more than ${MOST_IMPORTERS} scripts`);
  } catch (error) {
    deps.report('scripts that import a changed one keep their locks', error, { workspace, path });
  }
};

const relock = async (
  deps: RelockDeps,
  workspace: string,
  importer: { path: string; hash: string },
  changed: string,
  made: Made,
): Promise<void> => {
  const head = await deps.reads.head(workspace, importer.path);
  // Its newest version may import it no more.
  if (head === undefined || head.archived || head.hash !== importer.hash) return;
  const current = await deps.reads.version(workspace, head.hash);
  if (current === undefined || current.deleted || current.lock || current.lock_job === undefined) return;
  const owner = await ownerOf(current, head.extra_perms, made);
  if (owner === undefined) return;
  const deployment_message = `its packages are chosen anew: ${changed} changed`;
  const script = { ...asNewScript(current), deployment_message };
  const { created_by: by, on_behalf_of } = current;
  await saveVersion(deps, { workspace, script, head, parent: current, by, owner, on_behalf_of }, made.now);
};

/** Its author, as long as he is a member, else whoever changes the other script, where he could have saved this one too. */
const ownerOf = async (
  { created_by, path }: ScriptVersion,
  grants: Parameters<typeof mayWrite>[2],
  { standing, roster }: Made,
): Promise<RunRequest['owner'] | undefined> => {
  const { username, permissioned_as, email } = standing;
  const author = (await roster())?.members.get(created_by);
  if (created_by !== username && author?.disabled === false)
    return { created_by, permissioned_as: `u/${created_by}`, email: author.email };
  return mayWrite(standing, path, grants) ? { created_by: username, permissioned_as, email } : undefined;
};
