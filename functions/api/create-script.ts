import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import type { ScriptReads } from '../../shared/aws/catalog-scripts.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import { hashInput, isNoop, type NewScript, newVersion, type ScriptVersion } from '../../shared/model/script.ts';

export type ScriptDeps = {
  reads: Pick<ScriptReads, 'head' | 'version'>;
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
 * Makes a version and moves its path's head to it; answers its hash. Of two that follow the same parent at once, one
 * wins and the other is told. With `skipIfNoop` a version that would change nothing is not made.
 */
export const createScript = async (
  deps: ScriptDeps,
  workspace: string,
  script: NewScript,
  made: { by: string; now: number; skipIfNoop: boolean },
): Promise<string> => {
  checkSize(script);
  const head = await deps.reads.head(workspace, script.path);
  const current = head === undefined ? undefined : await deps.reads.version(workspace, head.hash);
  if (made.skipIfNoop && current !== undefined && isNoop(script, current)) return current.hash;
  const parent = parentOf(script, current);
  const hash = (await sha256Hex(hashInput(workspace, script, parent?.hash))).slice(0, 16);
  const parents = parent === undefined ? [] : [parent.hash, ...parent.parent_hashes].slice(0, KEPT_PARENTS);
  const version = newVersion(script, { hash, parents, by: made.by, now: made.now });
  switch (await deps.catalog.add(workspace, version, head?.hash)) {
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
