import {
  createVariable,
  deleteVariable,
  deleteVariablesBulk,
  encryptValue,
  existsVariable,
  getVariable,
  getVariableValue,
  listContextualVariables,
  listVariable,
  updateVariable,
} from '../../shared/contracts/variables.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { SecretBox, ValueReads } from '../../shared/jobs/value-ports.ts';
import { encryptedValue, valueBinding } from '../../shared/model/encrypted-value.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import {
  checkValueSize,
  editedVariable,
  isExpired,
  newVariable,
  type Variable,
  variableView,
} from '../../shared/model/variable.ts';
import { toWireCiphertext } from '../../shared/model/wire-ciphertext.ts';
import { contextualVariables } from './contextual-variables.ts';
import { checkMayWrite } from './item-checks.ts';
import {
  changeItem,
  existsItem,
  isIn,
  isListed,
  type PathItems,
  pageOf,
  readableItem,
  readableItems,
  removeItems,
} from './path-items.ts';
import { type Asker, beforeTelling, type TellDeps } from './tell-secrets.ts';
import { contentAfter, givenContent } from './variable-writes.ts';

export type VariableDeps = TellDeps & {
  variables: PathItems<Variable>['store'];
  values: ValueReads;
  box: SecretBox;
  baseUrl: (now: number) => Promise<string>;
};

const itemsOf = (deps: VariableDeps): PathItems<Variable> => ({ what: 'variable', store: deps.variables });

const writingRoutes = (deps: VariableDeps): Route[] => [
  route(createVariable, async ({ params: { workspace }, query, body, standing, now }) => {
    const { path } = body;
    const there = await deps.variables.get(workspace, path);
    checkMayWrite(standing, path, there?.extra_perms);
    const taken = badRequest(`Bad request: body path: there is a variable at ${path} already`);
    if (there !== undefined) throw taken;
    const given = { value: body.value, is_secret: body.is_secret, already: query.already_encrypted ?? false };
    const content = await givenContent(deps.box, { workspace, path }, given);
    const variable = newVariable(body, content, { by: standing.username, now });
    if (!(await deps.variables.create(workspace, variable))) throw taken;
    return { body: `variable ${path} created` };
  }),
  route(updateVariable, async ({ params: { workspace, path }, query, body, standing, now }) => {
    const already = query.already_encrypted ?? false;
    await changeItem(itemsOf(deps), standing, path, async (seen) => {
      const content = await contentAfter(deps.box, workspace, seen, { edit: body, already });
      return editedVariable(seen, body, content, { by: standing.username, now });
    });
    return { body: `variable ${body.path ?? path} updated` };
  }),
  route(deleteVariable, async ({ params: { workspace, path }, standing }) => {
    const removed = await removeItems(itemsOf(deps), standing, [path]);
    if (removed.length === 0) throw notFound(`variable ${path} does not exist in workspace ${workspace}`);
    return { body: `variable ${path} deleted` };
  }),
  route(deleteVariablesBulk, async ({ body, standing }) => ({
    body: await removeItems(itemsOf(deps), standing, body.paths),
  })),
];

/** The value, for whoever may read it; told only once it is masked and noted. */
const tellValue = async (deps: VariableDeps, asker: Asker, path: string): Promise<string> => {
  const { value, is_secret } = await deps.values.variable(asker.standing, path);
  if (is_secret) await beforeTelling(deps, asker, [{ path, text: value }]);
  return value;
};

const shownValue = async (
  deps: VariableDeps,
  asker: Asker,
  variable: Variable,
  wanted: { decrypt_secret: boolean; include_encrypted?: boolean | undefined },
): Promise<string | undefined> => {
  if (isExpired(variable, asker.now)) return undefined;
  if (!variable.is_secret) return variable.value;
  if (wanted.decrypt_secret) return tellValue(deps, asker, variable.path);
  return wanted.include_encrypted === true ? toWireCiphertext(variable.sealed) : undefined;
};

/** What a list shows and searches: never anything of a secret. */
const plainValue = (variable: Variable): string => (variable.is_secret ? '' : variable.value);

const readingRoutes = (deps: VariableDeps): Route[] => [
  route(getVariable, async ({ params: { workspace, path }, query, principal, standing, now }) => {
    const variable = await readableItem(itemsOf(deps), standing, path);
    const value = await shownValue(deps, { principal, standing, now }, variable, query);
    return { body: variableView(workspace, variable, value, now) };
  }),
  route(getVariableValue, async ({ params: { path }, principal, standing, now }) => ({
    body: await tellValue(deps, { principal, standing, now }, path),
  })),
  route(existsVariable, async ({ params: { path }, standing }) => ({
    body: await existsItem(itemsOf(deps), standing, path),
  })),
  route(listVariable, async ({ params: { workspace }, query, standing, now }) => {
    const listed = (await readableItems(itemsOf(deps), standing, query.path_start)).filter(
      (variable) =>
        isListed(variable, plainValue(variable), query) &&
        (query.value === undefined || (!variable.is_secret && isIn(variable.value, query.value))),
    );
    const shown = (variable: Variable) => (variable.is_secret || isExpired(variable, now) ? undefined : variable.value);
    return {
      body: pageOf(listed, query).map((variable) => variableView(workspace, variable, shown(variable), now)),
    };
  }),
  route(listContextualVariables, async ({ standing, now }) => ({
    body: contextualVariables(standing, await deps.baseUrl(now)),
  })),
  route(encryptValue, async ({ params: { workspace }, body, standing: { permissioned_as } }) => {
    checkValueSize(body);
    const sealed = await deps.box.seal(workspace, valueBinding(permissioned_as), body);
    return { body: encryptedValue(permissioned_as, sealed) };
  }),
];

/** Variables: plain ones, and secrets. */
export const variableRoutes = (deps: VariableDeps): Route[] => [...writingRoutes(deps), ...readingRoutes(deps)];
