import { Problem } from './errors.ts';
import { parsePythonLock } from './python-lock.ts';
import { pythonNeeds, requirementsOf } from './python-requirements.ts';
import type { NewScript } from './script.ts';

type Asked = Pick<NewScript, 'language' | 'content' | 'path' | 'lock'>;

/**
 * Whether a version must wait for a dependencies job before its first run: it has packages to find, or a lock of its
 * author's whose packages are yet to be looked up, or it imports other scripts, which may need some. What cannot be read
 * needs one too, for it is that job which tells. Throws 400 for a lock that is none.
 */
export const needsDependenciesJob = (script: Asked): boolean => {
  switch (script.language) {
    case 'python3':
      return script.lock ? parsePythonLock(script.lock).packages.length > 0 : pythonNeedsAny(script);
    case 'bash':
    case 'bun':
      return false;
  }
};

const pythonNeedsAny = ({ content, path }: Asked): boolean => {
  try {
    const needs = pythonNeeds(content, path);
    return needs.scripts.length > 0 || needs.python !== undefined || requirementsOf([needs]).length > 0;
  } catch (error) {
    if (error instanceof Problem) return true;
    throw error;
  }
};
