import type { Standing } from '../../shared/access/standing.ts';
import type { ResourceTypeCatalog } from '../../shared/aws/catalog-resource-types.ts';
import {
  createResourceType,
  deleteResourceType,
  existsResourceType,
  fileResourceTypeToFileExtMap,
  getResourceType,
  listResourceType,
  listResourceTypeNames,
  updateResourceType,
} from '../../shared/contracts/resource-types.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound, Problem } from '../../shared/model/errors.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import {
  editedResourceType,
  newResourceType,
  type ResourceType,
  resourceTypeView,
} from '../../shared/model/resource-type.ts';

export type ResourceTypeDeps = { types: Pick<ResourceTypeCatalog, 'get' | 'list' | 'create' | 'replace' | 'remove'> };

const view = (workspace: string, type: ResourceType): string =>
  withRawFields(resourceTypeView(workspace, type), { schema: type.schema });

const existing = async (deps: ResourceTypeDeps, workspace: string, name: string): Promise<ResourceType> => {
  const type = await deps.types.get(workspace, name);
  if (type === undefined) throw notFound(`resource type ${name} does not exist in workspace ${workspace}`);
  return type;
};

/** Everybody's resources may be of a type, so not everybody may change it. */
const changeable = async (deps: ResourceTypeDeps, standing: Standing, name: string): Promise<ResourceType> => {
  const type = await existing(deps, standing.workspace, name);
  if (!standing.is_admin && type.created_by !== standing.username)
    throw new Problem(403, `Permission denied: only admins and ${type.created_by} may change resource type ${name}`);
  return type;
};

const conflict = (name: string): Problem =>
  new Problem(409, `resource type ${name} was changed at the same time: try again`);

const writingRoutes = (deps: ResourceTypeDeps): Route[] => [
  route(createResourceType, async ({ params: { workspace }, body, standing, now }) => {
    if (!(await deps.types.create(workspace, newResourceType(body, { by: standing.username, now }))))
      throw badRequest(`Bad request: body name: there is a resource type ${body.name} already`);
    return { body: `resource_type ${body.name} created` };
  }),
  route(updateResourceType, async ({ params: { workspace, path }, body, standing, now }) => {
    const type = await changeable(deps, standing, path);
    if ((await deps.types.replace(workspace, type, editedResourceType(type, body, now))) !== 'replaced')
      throw conflict(path);
    return { body: `resource_type ${path} updated` };
  }),
  route(deleteResourceType, async ({ params: { workspace, path }, standing }) => {
    if (!(await deps.types.remove(workspace, await changeable(deps, standing, path)))) throw conflict(path);
    return { body: `resource_type ${path} deleted` };
  }),
];

const readingRoutes = (deps: ResourceTypeDeps): Route[] => [
  route(getResourceType, async ({ params: { workspace, path } }) => ({
    body: view(workspace, await existing(deps, workspace, path)),
  })),
  route(existsResourceType, async ({ params: { workspace, path } }) => ({
    body: (await deps.types.get(workspace, path)) !== undefined,
  })),
  route(listResourceType, async ({ params: { workspace } }) => ({
    body: `[${(await deps.types.list(workspace)).map((type) => view(workspace, type)).join()}]`,
  })),
  route(listResourceTypeNames, async ({ params: { workspace } }) => ({
    body: (await deps.types.list(workspace)).map(({ name }) => name),
  })),
  route(fileResourceTypeToFileExtMap, async ({ params: { workspace } }) => {
    const files = (await deps.types.list(workspace)).filter((type) => type.format_extension || type.is_fileset);
    return {
      body: Object.fromEntries(
        files.map(({ name, format_extension, is_fileset }) => [
          name,
          { ...(format_extension ? { format_extension } : {}), is_fileset: is_fileset ?? false },
        ]),
      ),
    };
  }),
];

/** What kinds of resources there are: everybody in the workspace reads them. */
export const resourceTypeRoutes = (deps: ResourceTypeDeps): Route[] => [...writingRoutes(deps), ...readingRoutes(deps)];
