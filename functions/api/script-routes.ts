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
import { notFound } from '../../shared/model/errors.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import type { ScriptHead, ScriptVersion } from '../../shared/model/script.ts';
import { historyLine, listedScript, scriptView } from '../../shared/model/script-view.ts';
import { createScript as create, type ScriptDeps } from './create-script.ts';
import { scriptList } from './script-list.ts';

const answer = (workspace: string, version: ScriptVersion): { body: string } => ({
  body: withRawFields(scriptView(workspace, version), { schema: version.schema }),
});

const headAt = async (deps: ScriptDeps, workspace: string, path: string): Promise<ScriptHead> => {
  const head = await deps.reads.head(workspace, path);
  if (head === undefined) throw notFound(`Script not found at name ${path}`);
  return head;
};

const versionAt = async (deps: ScriptDeps, workspace: string, hash: string): Promise<ScriptVersion> => {
  const version = await deps.reads.version(workspace, hash);
  if (version === undefined) throw notFound(`Script not found at hash ${hash}`);
  return version;
};

const newestAt = async (deps: ScriptDeps, workspace: string, path: string): Promise<ScriptVersion> =>
  versionAt(deps, workspace, (await headAt(deps, workspace, path)).hash);

/** Making, changing and removing scripts. */
const writingRoutes = (deps: ScriptDeps): Route[] => [
  route(createScript, async ({ params, query, body, principal, now }) => ({
    body: await create(deps, params.workspace, body, {
      by: principal.username,
      now,
      skipIfNoop: query.skip_if_noop ?? false,
    }),
  })),
  route(archiveScriptByPath, async ({ params: { workspace, path } }) => {
    const head = await headAt(deps, workspace, path);
    await deps.catalog.archive(workspace, path, head.hash);
    return { body: `Archived script ${path}` };
  }),
  route(archiveScriptByHash, async ({ params: { workspace, hash } }) => {
    const version = await versionAt(deps, workspace, hash);
    await deps.catalog.archive(workspace, version.path, hash);
    return answer(workspace, { ...version, archived: true });
  }),
  route(deleteScriptByPath, async ({ params: { workspace, path } }) => {
    await headAt(deps, workspace, path);
    await deps.catalog.deletePath(workspace, path);
    return { body: path };
  }),
  route(deleteScriptByHash, async ({ params: { workspace, hash } }) => {
    const version = await versionAt(deps, workspace, hash);
    await deps.catalog.deleteVersion(workspace, version.path, hash);
    return answer(workspace, { ...version, content: '', archived: true, deleted: true });
  }),
];

/** Scripts by path, by hash, in lists. */
const readingRoutes = (deps: ScriptDeps): Route[] => [
  route(listScripts, async ({ params, query }) => {
    const heads = scriptList(await deps.catalog.heads(params.workspace, query.path_start ?? ''), query);
    return { body: heads.map((head) => listedScript(params.workspace, head)) };
  }),
  route(listScriptPaths, async ({ params }) => ({
    body: (await deps.catalog.heads(params.workspace)).filter((head) => !head.archived).map((head) => head.path),
  })),
  route(getScriptByPath, async ({ params }) =>
    answer(params.workspace, await newestAt(deps, params.workspace, params.path)),
  ),
  route(getScriptByHash, async ({ params }) =>
    answer(params.workspace, await versionAt(deps, params.workspace, params.hash)),
  ),
  route(existsScriptByPath, async ({ params }) => {
    const head = await deps.reads.head(params.workspace, params.path);
    return { body: head !== undefined && !head.archived };
  }),
  route(rawScriptByPath, async ({ params }) => ({
    body: (await newestAt(deps, params.workspace, params.path)).content,
  })),
  route(rawScriptByHash, async ({ params }) => ({
    body: (await versionAt(deps, params.workspace, params.hash)).content,
  })),
  route(getScriptHistoryByPath, async ({ params: { workspace, path }, query: { page, per_page } }) => {
    const history = await deps.catalog.history(workspace, path, page * per_page);
    if (history.length === 0) throw notFound(`Script not found at name ${path}`);
    return { body: history.slice((page - 1) * per_page, page * per_page).map(historyLine) };
  }),
  route(getScriptLatestVersion, async ({ params: { workspace, path } }) => {
    const [newest] = await deps.catalog.history(workspace, path, 1);
    return { body: newest === undefined ? null : historyLine(newest) };
  }),
  route(getScriptDeploymentStatus, async ({ params: { workspace, hash } }) => {
    const version = await versionAt(deps, workspace, hash);
    return { body: { lock: version.lock ?? '', lock_error_logs: null } };
  }),
];

export const scriptRoutes = (deps: ScriptDeps): Route[] => [...writingRoutes(deps), ...readingRoutes(deps)];
