import {
  createResource,
  deleteResource,
  deleteResourcesBulk,
  existsResource,
  getResource,
  getResourceValue,
  getResourceValueInterpolated,
  listResource,
  listResourceNames,
  listSearchResource,
  updateResource,
  updateResourceValue,
} from '../../shared/contracts/resources.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { interpolateResource } from '../../shared/jobs/interpolate.ts';
import type { ValueReads } from '../../shared/jobs/value-ports.ts';
import { commaList } from '../../shared/model/args-assembly.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import { containsJson } from '../../shared/model/job-filter.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import { isJsonObject, type Json, parseJson } from '../../shared/model/json.ts';
import { editedResource, newResource, type Resource, resourceView } from '../../shared/model/resource.ts';
import { checkMayWrite } from './item-checks.ts';
import {
  changeItem,
  existsItem,
  isListed,
  type PathItems,
  pageOf,
  readableItem,
  readableItems,
  removeItems,
} from './path-items.ts';
import { beforeTelling, type Secret, scopedReads, type TellDeps } from './tell-secrets.ts';

export type ResourceDeps = TellDeps & { resources: PathItems<Resource>['store']; values: ValueReads };

/** `list_search` gives so many characters of each value. */
const SEARCHED_CHARS = 10_000;

const itemsOf = (deps: ResourceDeps): PathItems<Resource> => ({ what: 'resource', store: deps.resources });

const writingRoutes = (deps: ResourceDeps): Route[] => [
  route(createResource, async ({ params: { workspace }, query, body, standing, now }) => {
    const { path } = body;
    const there = await deps.resources.get(workspace, path);
    checkMayWrite(standing, path, there?.extra_perms);
    if (there !== undefined && query.update_if_exists === true) {
      await changeItem(itemsOf(deps), standing, path, (seen) => editedResource(seen, body, now));
      return { body: `resource ${path} updated` };
    }
    const taken = badRequest(`Bad request: body path: there is a resource at ${path} already`);
    if (there !== undefined) throw taken;
    if (!(await deps.resources.create(workspace, newResource(body, { by: standing.username, now })))) throw taken;
    return { body: `resource ${path} created` };
  }),
  route(updateResource, async ({ params: { path }, body, standing, now }) => {
    await changeItem(itemsOf(deps), standing, path, (seen) => editedResource(seen, body, now));
    return { body: `resource ${body.path ?? path} updated` };
  }),
  route(updateResourceValue, async ({ params: { path }, body: { value }, standing, now }) => {
    await changeItem(itemsOf(deps), standing, path, (seen) => editedResource(seen, { value }, now));
    return { body: `value of resource ${path} updated` };
  }),
  route(deleteResource, async ({ params: { workspace, path }, standing }) => {
    const removed = await removeItems(itemsOf(deps), standing, [path]);
    if (removed.length === 0) throw notFound(`resource ${path} does not exist in workspace ${workspace}`);
    return { body: `resource ${path} deleted` };
  }),
  route(deleteResourcesBulk, async ({ body, standing }) => ({
    body: await removeItems(itemsOf(deps), standing, body.paths),
  })),
];

const storedValue = ({ value }: Resource): Json => {
  const parsed = parseJson(value);
  if (!parsed.ok) throw new Error('the value of a resource is not JSON');
  return parsed.value;
};

const singleRoutes = (deps: ResourceDeps): Route[] => [
  route(getResource, async ({ params: { workspace, path }, standing }) => {
    const resource = await readableItem(itemsOf(deps), standing, path);
    return { body: withRawFields(resourceView(workspace, resource), { value: resource.value }) };
  }),
  route(getResourceValue, async ({ params: { path }, standing }) => ({
    body: (await readableItem(itemsOf(deps), standing, path)).value,
  })),
  route(getResourceValueInterpolated, async ({ params: { path }, principal, standing, now }) => {
    const secrets: Secret[] = [];
    const value = await interpolateResource(
      scopedReads(deps.values, principal),
      standing,
      storedValue(await readableItem(itemsOf(deps), standing, path)),
      (text, from) => secrets.push({ path: from, text }),
      path,
    );
    await beforeTelling(deps, { principal, standing, now }, secrets);
    return { body: JSON.stringify(value) };
  }),
  route(existsResource, async ({ params: { path }, standing }) => ({
    body: await existsItem(itemsOf(deps), standing, path),
  })),
];

const nameIn = (value: Json): string | undefined =>
  value !== null && isJsonObject(value) && typeof value.name === 'string' ? value.name : undefined;

const listRoutes = (deps: ResourceDeps): Route[] => [
  route(listResource, async ({ params: { workspace }, query, standing }) => {
    const types = commaList(query.resource_type);
    const excluded = commaList(query.resource_type_exclude);
    const part = query.value;
    const listed = (await readableItems(itemsOf(deps), standing, query.path_start)).filter(
      (resource) =>
        isListed(resource, resource.value, query) &&
        (types.length === 0 || types.includes(resource.resource_type)) &&
        !excluded.includes(resource.resource_type) &&
        (part === undefined || containsJson(storedValue(resource), part)),
    );
    return { body: pageOf(listed, query).map((resource) => resourceView(workspace, resource)) };
  }),
  route(listSearchResource, async ({ standing }) => ({
    body: (await readableItems(itemsOf(deps), standing)).map(({ path, value }) => ({
      path,
      value: value.slice(0, SEARCHED_CHARS),
      truncated: value.length > SEARCHED_CHARS,
    })),
  })),
  route(listResourceNames, async ({ params: { name }, standing }) => ({
    body: (await readableItems(itemsOf(deps), standing))
      .filter(({ resource_type }) => resource_type === name)
      .map((resource) => ({ name: nameIn(storedValue(resource)) ?? resource.path, path: resource.path })),
  })),
];

/** Resources: JSON values with a type, states of scripts among them. */
export const resourceRoutes = (deps: ResourceDeps): Route[] => [
  ...writingRoutes(deps),
  ...singleRoutes(deps),
  ...listRoutes(deps),
];
