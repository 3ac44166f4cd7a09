import { Problem } from './errors.ts';
import { parsePythonLock } from './python-lock.ts';
import { pythonNeeds, requirementsOf } from './python-requirements.ts';
import { type NewScript, ScriptPath } from './script.ts';
import { parseTypescriptLock } from './typescript-lock.ts';
import { typescriptNeeds } from './typescript-needs.ts';

type Asked = Pick<NewScript, 'language' | 'content' | 'path' | 'lock'>;

/**
 * Whether a version must wait for a dependencies job before its first run: it has packages to find, or a lock of its
 * author's whose packages are yet to be looked up (a TypeScript lock says all about them itself), or it imports other scripts,
 * which may need some. What cannot be read needs one too, for it is that job which tells. Throws 400 for a lock that is none.
 */
export const needsDependenciesJob = (script: Asked): boolean => {
  switch (script.language) {
    case 'python3':
      return script.lock ? parsePythonLock(script.lock).packages.length > 0 : pythonNeedsAny(script);
    case 'bun':
      if (!script.lock) return typescriptNeedsAny(script);
      parseTypescriptLock(script.lock);
      return false;
    case 'bash':
      return false;
  }
};

const pythonNeedsAny = ({ content, path }: Asked): boolean =>
  orUnreadable(() => {
    const needs = pythonNeeds(content, path);
    return needs.scripts.length > 0 || needs.python !== undefined || requirementsOf([needs]).length > 0;
  });

const typescriptNeedsAny = ({ content, path }: Asked): boolean =>
  orUnreadable(() => {
    const { packages, scripts } = typescriptNeeds(content, path);
    return packages.length > 0 || scripts.length > 0;
  });

const orUnreadable = (look: () => boolean): boolean => {
  try {
    return look();
  } catch (error) {
    if (error instanceof Problem) return true;
    throw error;
  }
};

/** Where more stand, those beyond are not told of a change. */
const MOST_PATHS = 50;

/** Paths of scripts that one imports itself, or may: `from f.a.b import c` is of `f/a/b` or of `f/a/b/c`. Unreadable: none. */
export const importedPaths = (script: Asked): string[] => {
  try {
    const paths = new Set(pathsIn(script));
    paths.delete(script.path);
    return [...paths].filter((path) => ScriptPath.safeParse(path).success).slice(0, MOST_PATHS);
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
};

const pathsIn = ({ language, content, path }: Asked): string[] => {
  switch (language) {
    case 'python3':
      return pythonNeeds(content, path).scripts.flatMap((one) => [
        one.path,
        ...one.names.map((name) => `${one.path}/${name}`),
      ]);
    case 'bun':
      return typescriptNeeds(content, path).scripts.map((one) => one.path);
    case 'bash':
      return [];
  }
};
