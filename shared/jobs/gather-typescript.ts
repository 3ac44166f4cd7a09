import { badRequest, Problem } from '../model/errors.ts';
import { type TypescriptNeeds, typescriptNeeds } from '../model/typescript-needs.ts';

/** The source of the newest TypeScript script at a path; undefined: there is none that the asker may read. */
export type ReadTypescript = (path: string) => Promise<string | undefined>;

/** A script and all scripts that it imports, directly or not. What leads to no script is the run's to fail on. */
export type GatheredTypescript = {
  /** The script's own first. */
  needs: TypescriptNeeds[];
  /** Those that it imports. */
  scripts: { path: string; code: string }[];
};

/** Scripts that one script may import, directly or not. */
const MOST_SCRIPTS = 200;
/** What they may be together: they go with the request that starts a job (6 MB, Lambda's limit). */
const MOST_CHARS = 2_000_000;

/**
 * Reads a script and, each once, the scripts that it imports, round circles too. Throws 400 that names script and line of
 * what cannot be read, or when there are too many.
 */
export const gatherTypescript = async (
  read: ReadTypescript,
  code: string,
  path: string | undefined,
): Promise<GatheredTypescript> => {
  const own = typescriptNeeds(code, path);
  const found: GatheredTypescript = { needs: [own], scripts: [] };
  const seen = new Set([path]);
  let next = own.scripts;
  while (next.length > 0) {
    const paths = [...new Set(next.map((one) => one.path))].filter((one) => !seen.has(one));
    for (const one of paths) seen.add(one);
    if (seen.size > MOST_SCRIPTS + 1)
      throw badRequest(`the script imports more than ${MOST_SCRIPTS} others, directly or not`);
    const sources = await Promise.all(paths.map(async (one) => ({ path: one, code: await readable(read, one) })));
    next = sources.flatMap((source) => {
      if (source.code === undefined) return [];
      const needs = needsOf(source.code, source.path);
      found.needs.push(needs);
      found.scripts.push({ path: source.path, code: source.code });
      return needs.scripts;
    });
    if (found.scripts.reduce((sum, script) => sum + script.code.length, 0) > MOST_CHARS)
      throw badRequest(`the scripts that it imports are more than ${MOST_CHARS} characters together`);
  }
  return found;
};

/** What stands at fewer than three steps is a folder. */
const readable = async (read: ReadTypescript, path: string): Promise<string | undefined> =>
  /^[uf]\/[^/]+\/./.test(path) ? read(path) : undefined;

/** Says of which script the line is that cannot be read. */
const needsOf = (code: string, path: string): TypescriptNeeds => {
  try {
    return typescriptNeeds(code, path);
  } catch (error) {
    if (error instanceof Problem) throw badRequest(`${path}, ${error.message}`, { cause: error });
    throw error;
  }
};
