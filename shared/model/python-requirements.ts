import { badRequest } from './errors.ts';
import { type PythonHeader, readPythonHeader } from './python-header.ts';
import { importsOf, type PythonImport } from './python-imports.ts';
import { packagesFor } from './python-packages.ts';
import { normalName, parseRequirement, type Requirement } from './python-requirement.ts';
import { readPythonSource } from './python-source.ts';
import { isStandardModule } from './python-standard-library.ts';
import type { PythonWish } from './python-version.ts';

/** An import of other scripts: of the one at `path`, or, where there is none, of those at `path/name`. */
export type ScriptImport = { line: number; path: string; names: string[] };

/** A `# pin:` or `# repin:` behind an import: `requirement` takes the place of the package `replaces`. */
type Pin = { replaces: string; requirement: Requirement; final: boolean };

/** What one script needs, before the scripts that it imports are read. */
export type PythonNeeds = PythonHeader & {
  /** Packages its imports stand for, as a requirement is written. */
  packages: string[];
  pins: Pin[];
  scripts: ScriptImport[];
};

/**
 * What a Python script needs. `path` is where it stands in its workspace; a script without one (a preview) has no relative
 * imports. Throws 400 that names the line of what cannot be read.
 */
export const pythonNeeds = (code: string, path?: string): PythonNeeds => {
  const source = readPythonSource(code);
  const imports = importsOf(source.lines);
  const outside = imports.filter((one) => !inWorkspace(one) && !isStandardModule(rootOf(one)));
  const byStatement = Map.groupBy(outside, ({ comments }) => comments);
  return {
    ...readPythonHeader(source),
    packages: [...new Set(outside.flatMap((one) => packagesFor(one.module, one.names)))],
    pins: [...byStatement.values()].flatMap(pinsOf),
    scripts: imports.filter(inWorkspace).map((one) => scriptImport(one, path)),
  };
};

/**
 * The requirements of a script and of all scripts that it imports, directly or not: sorted, each once. In each script its
 * list stands for its imports; a pin holds for that import in all of them, and a repin instead of every pin.
 */
export const requirementsOf = (needs: PythonNeeds[]): string[] => {
  const pins = Map.groupBy(
    needs.flatMap((one) => one.pins),
    ({ replaces }) => replaces,
  );
  const all = needs.flatMap(({ listed, packages, extra }) =>
    listed === undefined
      ? [...packages.flatMap((name) => pinned(name, pins.get(name))), ...extra.map(textOf)]
      : listed.map(textOf),
  );
  return [...new Set(all)].sort((a, b) => (a < b ? -1 : 1));
};

const textOf = ({ text }: Requirement): string => text;

/** The Python that the script at the head of `needs` wants, else the first of those it imports that wants one. */
export const pythonWishOf = (needs: PythonNeeds[]): PythonWish | undefined =>
  needs.find((one) => one.python !== undefined)?.python;

const rootOf = (one: PythonImport): string => one.module.split('.')[0] ?? '';

const inWorkspace = (one: PythonImport): boolean => one.dots > 0 || rootOf(one) === 'f' || rootOf(one) === 'u';

const scriptImport = (one: PythonImport, path: string | undefined): ScriptImport => {
  const steps = one.module === '' ? [] : one.module.split('.');
  const names = one.names.filter((name) => name !== '*');
  if (one.dots === 0) return { line: one.line, path: steps.join('/'), names };
  if (path === undefined)
    throw badRequest(`line ${one.line}: a relative import needs a script with a path; name the script from f or u on`);
  const folder = path.split('/').slice(0, -one.dots);
  if (folder.length === 0) throw badRequest(`line ${one.line}: the relative import leads out of the workspace`);
  return { line: one.line, path: [...folder, ...steps].join('/'), names };
};

const pinned = (name: string, pins: Pin[] = []): string[] => {
  const final = pins.filter((pin) => pin.final);
  const chosen = final.length > 0 ? final : pins;
  return chosen.length === 0 ? [name] : chosen.map(({ requirement }) => requirement.text);
};

/** The pins behind one line of imports. With several packages on it, a pin goes to the one that it names. */
const pinsOf = (imports: PythonImport[]): Pin[] => {
  const packages = [...new Set(imports.flatMap((one) => packagesFor(one.module, one.names)))];
  return (imports[0]?.comments ?? []).flatMap((comment) => {
    const [, again, written] = /^#\s*(re)?pin:\s*(.*?)\s*$/.exec(comment) ?? [];
    if (written === undefined) return [];
    const parsed = parseRequirement(written);
    if (!parsed.ok) throw badRequest(`line ${imports[0]?.line}: \`${written}\` ${parsed.reason}`);
    const requirement = parsed.value;
    const named = packages.filter((name) => normalName(name.replace(/\[.*/, '')) === requirement.name);
    if (named.length === 0 && packages.length > 1)
      throw badRequest(
        `line ${imports[0]?.line}: \`${written}\` names none of ${packages.join(', ')}; give its import a line of its own`,
      );
    return (packages.length > 1 ? named : packages).map((replaces) => ({
      replaces,
      requirement,
      final: again !== undefined,
    }));
  });
};
