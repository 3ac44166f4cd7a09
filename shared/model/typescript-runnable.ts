import { typescriptImports } from './typescript-imports.ts';
import { readSpecifier, type Specifier } from './typescript-specifier.ts';

/** Where sources stand when they run: `main.ts` is the one that is run, `main` its path in the workspace if it has one. */
export type Placing = { path: string | undefined; main: string | undefined };

/** The file of a script of the workspace, in the folder of the job. */
export const fileOfScript = (path: string, main: string | undefined): string =>
  path === main ? 'main.ts' : `${path}.ts`;

/**
 * A source as a runtime reads it: versions gone from its imports, and scripts of the workspace named by the files that hold
 * them. Every line keeps its number. Throws 400 as `typescriptNeeds`.
 */
export const runnableTypescript = (source: string, { path, main }: Placing): string => {
  const parts: string[] = [];
  const up = path === undefined || path === main ? './' : '../'.repeat(path.split('/').length - 1);
  let done = 0;
  for (const { specifier, start, end, line } of typescriptImports(source)) {
    const named = nameOf(readSpecifier(specifier, line, path), up, main);
    if (named === undefined) continue;
    parts.push(source.slice(done, start), named);
    done = end;
  }
  return parts.join('') + source.slice(done);
};

const nameOf = (found: Specifier, up: string, main: string | undefined): string | undefined => {
  switch (found.kind) {
    case 'package':
      return `${found.name}${found.rest}`;
    case 'script':
      return `${up}${fileOfScript(found.path, main)}`;
    case 'other':
      return undefined;
  }
};
