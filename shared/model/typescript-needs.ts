import { badRequest } from './errors.ts';
import { typescriptImports } from './typescript-imports.ts';
import { readSpecifier } from './typescript-specifier.ts';

/** A package that a script imports; `version` is empty where its import names none. */
type PackageWish = { name: string; version: string; line: number };

/** What one script needs, before the scripts that it imports are read. */
export type TypescriptNeeds = {
  path: string | undefined;
  packages: PackageWish[];
  /** Scripts of the workspace. */
  scripts: { line: number; path: string }[];
};

/**
 * What a TypeScript script needs. `path` is where it stands in its workspace; a script without one (a preview) has no
 * relative imports. Throws 400 that names the line of what cannot be read.
 */
export const typescriptNeeds = (code: string, path?: string): TypescriptNeeds => {
  const needs: TypescriptNeeds = { path, packages: [], scripts: [] };
  for (const { specifier, line } of typescriptImports(code)) {
    const found = readSpecifier(specifier, line, path);
    if (found.kind === 'package') needs.packages.push({ name: found.name, version: found.version, line });
    if (found.kind === 'script') needs.scripts.push({ line, path: found.path });
  }
  return needs;
};

/**
 * The package.json of a script and all scripts that it imports, as Windmill writes it; undefined when they need no package.
 * An import without a version takes the version that another one names, else `latest`. Throws 400 when two name different
 * ones.
 */
export const manifestOf = (needs: TypescriptNeeds[]): string | undefined => {
  const wishes = needs.flatMap(({ path, packages }) => packages.map((wish) => ({ ...wish, path })));
  const byName = Map.groupBy(wishes, ({ name }) => name);
  if (byName.size === 0) return undefined;
  const dependencies: Record<string, string> = {};
  for (const name of [...byName.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const [first, ...more] = (byName.get(name) ?? []).filter(({ version }) => version !== '');
    const other = more.find(({ version }) => version !== first?.version);
    if (first !== undefined && other !== undefined)
      throw badRequest(
        `${placeOf(first)} wants ${name}@${first.version} and ${placeOf(other)} wants ${name}@${other.version}; a run has one version`,
      );
    dependencies[name] = first?.version ?? 'latest';
  }
  return JSON.stringify({ dependencies }, undefined, 2);
};

const placeOf = ({ path, line }: { path: string | undefined; line: number }): string =>
  path === undefined ? `line ${line}` : `${path}, line ${line},`;
