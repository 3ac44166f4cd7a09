import { mayRead } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import {
  archiveScriptByHash,
  archiveScriptByPath,
  createScript,
  deleteScriptByHash,
  deleteScriptByPath,
  existsScriptByPath,
  getScriptByHash,
  getScriptByPath,
  getScriptDeploymentStatus,
  getScriptHistoryByPath,
  getScriptLatestVersion,
  listScriptPaths,
  listScripts,
  rawScriptByHash,
  rawScriptByPath,
} from '../../shared/contracts/scripts.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { notFound, type Problem } from '../../shared/model/errors.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import type { ScriptHead, ScriptVersion } from '../../shared/model/script.ts';
import { outcomeOf, type ScriptLock } from '../../shared/model/script-lock.ts';
import { historyLine, listedScript, lockView, scriptView } from '../../shared/model/script-view.ts';
import { createScript as create, type ScriptDeps } from './create-script.ts';
import { checkMayRead, checkMayWrite } from './item-checks.ts';
import { scriptList } from './script-list.ts';

type Found = { head: ScriptHead | undefined; version: ScriptVersion; lock: ScriptLock | undefined };

const answer = (workspace: string, { head, version, lock }: Found): { body: string } => ({
  body: withRawFields(scriptView(workspace, version, head?.extra_perms, lock), { schema: version.schema }),
});

/** What was made for a version; a version that needs nothing costs no read. */
const lockOf = async (deps: ScriptDeps, workspace: string, version: ScriptVersion): Promise<ScriptLock | undefined> =>
  version.lock_job === undefined
    ? undefined
    : outcomeOf(await deps.locks.get(workspace, version.hash), version.lock_job);

const noScript = (what: string, name: string): Problem => notFound(`Script not found at ${what} ${name}`);

/** The newest version's head, of a script that the caller may see. */
const headAt = async (deps: ScriptDeps, standing: Standing, path: string): Promise<ScriptHead> => {
  const head = await deps.reads.head(standing.workspace, path);
  if (head === undefined) throw noScript('name', path);
  checkMayRead(standing, path, head.extra_perms);
  return head;
};

/** A version of a script that the caller may see; the grants are those of its path. */
const versionAt = async (deps: ScriptDeps, standing: Standing, hash: string): Promise<Found> => {
  const version = await deps.reads.version(standing.workspace, hash);
  if (version === undefined) throw noScript('hash', hash);
  const head = await deps.reads.head(standing.workspace, version.path);
  checkMayRead(standing, version.path, head?.extra_perms);
  return { head, version, lock: await lockOf(deps, standing.workspace, version) };
};

const newestAt = async (deps: ScriptDeps, standing: Standing, path: string): Promise<Found> => {
  const head = await headAt(deps, standing, path);
  const version = await deps.reads.version(standing.workspace, head.hash);
  if (version === undefined) throw noScript('name', path);
  return { head, version, lock: await lockOf(deps, standing.workspace, version) };
};

const writableAt = async (deps: ScriptDeps, standing: Standing, hash: string): Promise<Found> => {
  const found = await versionAt(deps, standing, hash);
  checkMayWrite(standing, found.version.path, found.head?.extra_perms);
  return found;
};

/** Making, changing and removing scripts. */
const writingRoutes = (deps: ScriptDeps): Route[] => [
  route(createScript, async ({ params, query, body, standing, now }) => ({
    body: await create(deps, params.workspace, body, {
      standing,
      roster: () => deps.rosters.read(params.workspace, now),
      now,
      skipIfNoop: query.skip_if_noop ?? false,
    }),
  })),
  route(archiveScriptByPath, async ({ params: { workspace, path }, standing }) => {
    const head = await headAt(deps, standing, path);
    checkMayWrite(standing, path, head.extra_perms);
    await deps.catalog.archive(workspace, path, head.hash);
    return { body: `Archived script ${path}` };
  }),
  route(archiveScriptByHash, async ({ params: { workspace, hash }, standing }) => {
    const { head, version, lock } = await writableAt(deps, standing, hash);
    await deps.catalog.archive(workspace, version.path, hash);
    return answer(workspace, { head, lock, version: { ...version, archived: true } });
  }),
  route(deleteScriptByPath, async ({ params: { workspace, path }, standing }) => {
    checkMayWrite(standing, path, (await headAt(deps, standing, path)).extra_perms);
    await deps.catalog.deletePath(workspace, path);
    return { body: path };
  }),
  route(deleteScriptByHash, async ({ params: { workspace, hash }, standing }) => {
    const { head, version, lock } = await writableAt(deps, standing, hash);
    await deps.catalog.deleteVersion(workspace, version.path, hash);
    return answer(workspace, { head, lock, version: { ...version, content: '', archived: true, deleted: true } });
  }),
];

/** Until it is known a version has no lock here, not an empty one: clients wait for it. */
const deployment = (version: ScriptVersion, made: ScriptLock | undefined) => {
  const { lock, lock_error_logs } = lockView(version, made);
  return {
    lock: version.lock_job !== undefined && lock === '' && made?.state !== 'ready' ? null : lock,
    lock_error_logs,
  };
};

/** Heads that the caller may see. */
const visibleHeads = async (deps: ScriptDeps, standing: Standing, prefix = ''): Promise<ScriptHead[]> =>
  (await deps.catalog.heads(standing.workspace, prefix)).filter((head) =>
    mayRead(standing, head.path, head.extra_perms),
  );

/** Scripts by path, by hash, in lists. */
const readingRoutes = (deps: ScriptDeps): Route[] => [
  route(listScripts, async ({ params, query, standing }) => {
    const heads = scriptList(await visibleHeads(deps, standing, query.path_start), query);
    return { body: heads.map((head) => listedScript(params.workspace, head)) };
  }),
  route(listScriptPaths, async ({ standing }) => ({
    body: (await visibleHeads(deps, standing)).filter((head) => !head.archived).map((head) => head.path),
  })),
  route(getScriptByPath, async ({ params, standing }) =>
    answer(params.workspace, await newestAt(deps, standing, params.path)),
  ),
  route(getScriptByHash, async ({ params, standing }) =>
    answer(params.workspace, await versionAt(deps, standing, params.hash)),
  ),
  route(existsScriptByPath, async ({ params, standing }) => {
    const head = await deps.reads.head(params.workspace, params.path);
    return { body: head !== undefined && !head.archived && mayRead(standing, head.path, head.extra_perms) };
  }),
  route(rawScriptByPath, async ({ params, standing }) => ({
    body: (await newestAt(deps, standing, params.path)).version.content,
  })),
  route(rawScriptByHash, async ({ params, standing }) => ({
    body: (await versionAt(deps, standing, params.hash)).version.content,
  })),
  route(getScriptHistoryByPath, async ({ params: { workspace, path }, query: { page, per_page }, standing }) => {
    await headAt(deps, standing, path);
    const history = await deps.catalog.history(workspace, path, page * per_page);
    return { body: history.slice((page - 1) * per_page, page * per_page).map(historyLine) };
  }),
  route(getScriptLatestVersion, async ({ params: { workspace, path }, standing }) => {
    const head = await deps.reads.head(workspace, path);
    if (head !== undefined) checkMayRead(standing, path, head.extra_perms);
    const [newest] = await deps.catalog.history(workspace, path, 1);
    return { body: newest === undefined ? null : historyLine(newest) };
  }),
  route(getScriptDeploymentStatus, async ({ params: { hash }, standing }) => {
    const { version, lock } = await versionAt(deps, standing, hash);
    return { body: { ...deployment(version, lock), job_id: version.lock_job } };
  }),
];

export const scriptRoutes = (deps: ScriptDeps): Route[] => [...writingRoutes(deps), ...readingRoutes(deps)];
