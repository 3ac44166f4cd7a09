import { badRequest, Problem } from '../model/errors.ts';
import { type PythonNeeds, pythonNeeds, type ScriptImport } from '../model/python-requirements.ts';

/** The source of the newest Python script at a path; undefined: there is none that the asker may read. */
export type ReadPython = (path: string) => Promise<string | undefined>;

/** What a script and all scripts that it imports need. */
export type GatheredNeeds = {
  /** The script's own first. */
  needs: PythonNeeds[];
  /** Paths of the scripts that it imports, directly or not: when one of these changes, the lock has to be made anew. */
  imported: string[];
  /** The same with their code. */
  scripts: { path: string; code: string }[];
  /** Imports that lead to no script. They may stand within `try`, so they are the run's to fail on. */
  missing: { importer: string | undefined; line: number; path: string }[];
};

/** Scripts that one script may import, directly or not. */
const MOST_SCRIPTS = 200;

/**
 * Reads a script and, each once, the scripts that it imports, round circles too. Throws 400 that names script and line of
 * what cannot be read, or when there are too many.
 */
export const gatherNeeds = async (read: ReadPython, code: string, path: string | undefined): Promise<GatheredNeeds> => {
  const found: GatheredNeeds = { needs: [], imported: [], scripts: [], missing: [] };
  const sources = new Map<string, Promise<string | undefined>>();
  const source = (at: string): Promise<string | undefined> => {
    const known = sources.get(at) ?? (SCRIPT.test(at) ? read(at) : Promise.resolve(undefined));
    sources.set(at, known);
    return known;
  };
  const seen = new Set([path]);
  let next = [{ code, path }];
  while (next.length > 0) {
    const imports = next.flatMap((script) => {
      const needs = path === script.path ? pythonNeeds(script.code, path) : needsOf(script.code, script.path);
      found.needs.push(needs);
      return needs.scripts.map((one) => ({ importer: script.path, ...one }));
    });
    next = [];
    for (const one of imports) {
      const scripts = await scriptsOf(source, one);
      if (scripts.length === 0) found.missing.push({ importer: one.importer, line: one.line, path: one.path });
      for (const script of scripts) {
        if (seen.has(script.path)) continue;
        seen.add(script.path);
        found.imported.push(script.path);
        found.scripts.push({ path: script.path, code: script.code });
        next.push(script);
      }
    }
    if (found.imported.length > MOST_SCRIPTS)
      throw badRequest(`the script imports more than ${MOST_SCRIPTS} others, directly or not`);
  }
  return found;
};

/** What stands at fewer than three steps is a folder. */
const SCRIPT = /^[uf]\/[^/]+\/./;

type Source = (path: string) => Promise<string | undefined>;
type Script = { code: string; path: string };

/** The script that a module is, or else those of the names imported from it that are scripts. */
const scriptsOf = async (source: Source, { path, names }: ScriptImport): Promise<Script[]> => {
  const own = await source(path);
  if (own !== undefined) return [{ code: own, path }];
  const members = await Promise.all(
    names.map(async (name) => ({ code: await source(`${path}/${name}`), path: `${path}/${name}` })),
  );
  return members.flatMap(({ code, path: at }) => (code === undefined ? [] : [{ code, path: at }]));
};

/** Says of which script the line is that cannot be read. */
const needsOf = (code: string, path: string | undefined): PythonNeeds => {
  try {
    return pythonNeeds(code, path);
  } catch (error) {
    if (error instanceof Problem) throw badRequest(`${path ?? ''}, ${error.message}`, { cause: error });
    throw error;
  }
};
