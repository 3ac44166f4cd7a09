import { badRequest } from './errors.ts';

/** What a script says of the Python it needs: a PEP 440 specifier, and where it says so. */
export type PythonWish = { specifier: string; line: number };

const CLAUSE = /^(===|==|!=|<=|>=|~=|<|>)? *(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?$/;

/**
 * The version (`3.13`) a script runs on. `available` holds those that are installed, the preferred one first: it is taken
 * unless the script wants another. Throws 400 that names the line when no installed version fits.
 */
export const choosePython = (wish: PythonWish | undefined, available: readonly string[]): string => {
  const [preferred] = available;
  if (preferred === undefined) throw new Error('no Python is installed');
  if (wish === undefined) return preferred;
  const fitting = available.find((version) => fits(version, wish));
  if (fitting !== undefined) return fitting;
  throw badRequest(
    `line ${wish.line}: the script asks for Python ${wish.specifier}, but ${available.join(' and ')} is what runs here`,
  );
};

const fits = (version: string, wish: PythonWish): boolean =>
  wish.specifier
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .every((clause) => satisfies(version, clause, wish));

/** Patch numbers are left out of account: which one is installed is the image's business. */
const satisfies = (version: string, clause: string, wish: PythonWish): boolean => {
  const match = CLAUSE.exec(clause);
  if (match === null) throw badRequest(`line ${wish.line}: "${clause}" is not a Python version such as 3.13 or >=3.11`);
  const [, operator = '==', major, minor, patch] = match;
  const anyMinor = minor === undefined || minor === '*';
  const order = compare(version, Number(major), anyMinor ? undefined : Number(minor));
  switch (operator) {
    case '==':
    case '===':
      return order === 0;
    case '!=':
      return order !== 0 || (patch !== undefined && patch !== '*');
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      return anyMinor && minor !== '*' ? order < 0 : order < 0 || (order === 0 && Number(patch) > 0);
    case '>':
      return order > 0 || (order === 0 && patch !== undefined);
    case '~=':
      return patch === undefined ? order >= 0 && version.startsWith(`${major}.`) : order === 0;
    default:
      throw new Error(`unexpected operator ${operator}`);
  }
};

const compare = (version: string, major: number, minor: number | undefined): number => {
  const [ours = 0, oursMinor = 0] = version.split('.').map(Number);
  return ours !== major || minor === undefined ? ours - major : oursMinor - minor;
};
