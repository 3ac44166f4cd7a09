import { mayRead } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { NamedItems } from '../../shared/aws/catalog-named-items.ts';
import { badRequest, notFound, Problem } from '../../shared/model/errors.ts';
import type { Grants } from '../../shared/model/roster.ts';
import { checkMayRead, checkMayWrite } from './item-checks.ts';

/** Things with a path and grants of their own: variables, resources, schedules. */
export type PathItem = { path: string; extra_perms: Grants; rev: number };
/** `what`: how errors call one of them. */
export type PathItems<T extends PathItem> = {
  what: 'variable' | 'resource' | 'schedule';
  store: Pick<NamedItems<T>, 'get' | 'list' | 'create' | 'replace' | 'remove'>;
};

/** Two who change one thing at once: the later one looks again, this often. */
const TRIES = 5;

const conflict = (path: string): Problem => new Problem(409, `${path} was changed at the same time: try again`);

/** The item at `path`, which must exist (404) whatever the caller may do with it. */
export const existingItem = async <T extends PathItem>(
  { what, store }: PathItems<T>,
  workspace: string,
  path: string,
): Promise<T> => {
  const item = await store.get(workspace, path);
  if (item === undefined) throw notFound(`${what} ${path} does not exist in workspace ${workspace}`);
  return item;
};

/** The item at `path`: 404 when there is none, 403 when the caller may not read it. */
export const readableItem = async <T extends PathItem>(
  items: PathItems<T>,
  standing: Standing,
  path: string,
): Promise<T> => {
  const item = await existingItem(items, standing.workspace, path);
  checkMayRead(standing, path, item.extra_perms);
  return item;
};

/** The items that the caller may read, in the order of their paths. */
export const readableItems = async <T extends PathItem>(
  { store }: PathItems<T>,
  standing: Standing,
  prefix = '',
): Promise<T[]> =>
  (await store.list(standing.workspace, prefix)).filter(({ path, extra_perms }) =>
    mayRead(standing, path, extra_perms),
  );

/** Whether there is one that the caller may read. */
export const existsItem = async <T extends PathItem>(
  { store }: PathItems<T>,
  standing: Standing,
  path: string,
): Promise<boolean> => {
  const item = await store.get(standing.workspace, path);
  return item !== undefined && mayRead(standing, path, item.extra_perms);
};

/** Changes an item that the caller may write; moving it needs to write at its new path too, where nothing may be yet. */
export const changeItem = async <T extends PathItem>(
  { what, store }: PathItems<T>,
  standing: Standing,
  path: string,
  change: (seen: T) => Promise<T> | T,
): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await existingItem({ what, store }, standing.workspace, path);
    checkMayWrite(standing, path, seen.extra_perms);
    const next = await change(seen);
    if (next.path !== path) checkMayWrite(standing, next.path);
    const done = await store.replace(standing.workspace, seen, next);
    if (done === 'replaced') return;
    if (done === 'taken') throw badRequest(`Bad request: body path: there is a ${what} at ${next.path} already`);
  }
  throw conflict(path);
};

/** Removes the items at `paths` that there are, all of which the caller must be allowed to write; answers their paths. */
export const removeItems = async <T extends PathItem>(
  { store }: PathItems<T>,
  standing: Standing,
  paths: readonly string[],
): Promise<string[]> => {
  const looked = await Promise.all([...new Set(paths)].map((path) => store.get(standing.workspace, path)));
  const found = looked.filter((item) => item !== undefined);
  for (const { path, extra_perms } of found) checkMayWrite(standing, path, extra_perms);
  for (const item of found) if (!(await store.remove(standing.workspace, item))) throw conflict(item.path);
  return found.map(({ path }) => path);
};

type Words = { path: string; description: string; labels?: readonly string[] | null | undefined };
type Filter = {
  path?: string | undefined;
  description?: string | undefined;
  label?: string | undefined;
  broad_filter?: string | undefined;
};

/** Whether `part` is in `text`, in whatever case. */
export const isIn = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

/** Whether an item is one that a list asks for; `value` is what may be searched of its value. */
export const isListed = (item: Words, value: string, filter: Filter): boolean =>
  (filter.path === undefined || item.path === filter.path) &&
  (filter.description === undefined || isIn(item.description, filter.description)) &&
  (filter.label === undefined || (item.labels?.includes(filter.label) ?? false)) &&
  (filter.broad_filter === undefined ||
    [item.path, item.description, value].some((text) => isIn(text, filter.broad_filter ?? '')));

export const pageOf = <T>(items: readonly T[], { page, per_page }: { page: number; per_page: number }): T[] =>
  items.slice((page - 1) * per_page, page * per_page);
