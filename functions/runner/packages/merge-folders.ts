import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Modules that several packages share a part of work from folders of their own where Python looks in all of them (a namespace:
 * no `__init__.py`). Where one of them has an `__init__.py`, Python stops there. Such modules are put together in `into`, as an
 * installation into one folder would have done, the first in the order of `folders` winning. True: `into` was made, and must
 * come before the others.
 */
export const mergeFolders = (folders: readonly string[], into: string): boolean => {
  const owners = new Map<string, string[]>();
  for (const folder of folders)
    for (const name of modulesIn(folder)) owners.set(name, [...(owners.get(name) ?? []), join(folder, name)]);
  const torn = [...owners].filter(([, places]) => isTorn(places));
  if (torn.length === 0) return false;
  mkdirSync(into, { mode: 0o700 });
  for (const [name, places] of torn)
    for (const place of places) cpSync(place, join(into, name), { recursive: true, force: false });
  return true;
};

/** Whether one module lies in these places so that Python would not find all of it. */
const isTorn = (places: string[]): boolean => {
  if (places.length < 2) return false;
  if (places.some((place) => existsSync(join(place, '__init__.py')))) return true;
  const below = Map.groupBy(
    places.flatMap((place) => modulesIn(place).map((name) => ({ name, place: join(place, name) }))),
    ({ name }) => name,
  );
  return [...below.values()].some((same) => isTorn(same.map(({ place }) => place)));
};

/** Folders that Python can import, which metadata and programs are not. */
const modulesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && /^[A-Za-z_]\w*$/.test(entry.name) && !NO_MODULES.has(entry.name) ? [entry.name] : [],
  );

const NO_MODULES = new Set(['__pycache__', 'bin', 'lib', 'share', 'include', 'etc']);
