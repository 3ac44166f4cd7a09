import { mayRead } from '../access/item-rights.ts';
import type { Standing } from '../access/standing.ts';
import type { SecretBox, ValueReads } from '../jobs/value-ports.ts';
import { notFound, Problem } from '../model/errors.ts';
import { type Json, parseJson } from '../model/json.ts';
import type { Resource } from '../model/resource.ts';
import type { Grants } from '../model/roster.ts';
import { ScriptPath } from '../model/script.ts';
import { isExpired, type Variable, variableBinding } from '../model/variable.ts';

type Found = { path: string; extra_perms: Grants };

type Store<T> = { get(workspace: string, path: string): Promise<T | undefined> };
type ValueStores = { variables: Store<Variable>; resources: Store<Resource>; box: SecretBox; now: () => number };

/** Variables and resources of the catalog, secrets opened. An expired variable is not given. */
export class CatalogValueReads implements ValueReads {
  readonly #stores: ValueStores;

  constructor(stores: ValueStores) {
    this.#stores = stores;
  }

  async variable(standing: Standing, path: string): Promise<{ value: string; is_secret: boolean }> {
    const { variables, box, now } = this.#stores;
    const variable = await readable('variable', standing, path, variables);
    if (isExpired(variable, now()))
      throw notFound(`variable ${path} expired at ${new Date(variable.expires_at ?? 0).toISOString()}`);
    if (!variable.is_secret) return { value: variable.value, is_secret: false };
    const value = await box.open(standing.workspace, variableBinding(path), variable.sealed);
    if (value === undefined)
      throw new Error(`the secret of a variable of workspace ${standing.workspace} does not open`);
    return { value, is_secret: true };
  }

  async resource(standing: Standing, path: string): Promise<Json> {
    const parsed = parseJson((await readable('resource', standing, path, this.#stores.resources)).value);
    if (!parsed.ok) throw new Error(`the value of a resource of workspace ${standing.workspace} is not JSON`);
    return parsed.value;
  }
}

/** The item at a path that may be any text, if `standing` may read it. */
const readable = async <T extends Found>(
  what: 'variable' | 'resource',
  standing: Standing,
  path: string,
  store: Store<T>,
): Promise<T> => {
  const item = ScriptPath.safeParse(path).success ? await store.get(standing.workspace, path) : undefined;
  if (item === undefined) throw notFound(`${what} ${path.slice(0, 300)} does not exist`);
  if (!mayRead(standing, path, item.extra_perms))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not read ${what} ${path}`);
  return item;
};
