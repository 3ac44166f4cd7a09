import { z } from 'zod';
import { Problem } from './errors.ts';
import { Json } from './json.ts';
import { Grants } from './roster.ts';
import { ScriptPath } from './script.ts';

/** A resource is one item of the table (400 KB at most). */
const VALUE_LIMIT_BYTES = 300_000;

/** The name of a resource type. A resource may name one that does not exist (yet): types only describe. */
export const TypeName = z.string().regex(/^[\w-]{1,100}$/, 'must be 1 to 100 letters, digits, "-" or "_"');

const described = {
  description: z.string().max(5_000).nullish(),
  labels: z.array(z.string().max(100)).max(50).nullish(),
  ws_specific: z.boolean().nullish(),
};

/** What a client sends to make a resource. */
export const NewResource = z.object({ path: ScriptPath, value: Json, resource_type: TypeName, ...described });
export type NewResource = z.infer<typeof NewResource>;

/** What a client sends to change one: what is absent stays. */
export const EditResource = z.object({
  path: ScriptPath.optional(),
  value: Json.optional(),
  resource_type: TypeName.optional(),
  ...described,
});
export type EditResource = z.infer<typeof EditResource>;

/** A resource as stored; references in its value are not followed. Times in milliseconds since 1970. */
export const Resource = z.object({
  path: z.string(),
  /** JSON text: a table does not keep the order of keys. */
  value: z.string(),
  resource_type: z.string(),
  description: z.string(),
  labels: z.array(z.string()).nullish(),
  ws_specific: z.boolean().nullish(),
  extra_perms: Grants,
  created_by: z.string(),
  edited_at: z.number(),
  /** Grows with every change: whoever changes a resource changes the one he saw. */
  rev: z.number(),
});
export type Resource = z.infer<typeof Resource>;

/** A value as stored. Throws 400 when it is too long. */
const valueText = (value: Json): string => {
  const text = JSON.stringify(value);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > VALUE_LIMIT_BYTES)
    throw new Problem(
      400,
      `Bad request: body value: is ${bytes} bytes of JSON, more than the limit of ${VALUE_LIMIT_BYTES}: keep large values in an object store and their place in a resource`,
    );
  return text;
};

/** The resource that a request makes. */
export const newResource = (
  { path, value, resource_type, description, labels, ws_specific }: NewResource,
  { by, now }: { by: string; now: number },
): Resource => ({
  path,
  value: valueText(value),
  resource_type,
  description: description ?? '',
  labels,
  ws_specific,
  extra_perms: {},
  created_by: by,
  edited_at: now,
  rev: 1,
});

/** `resource` as `edit` leaves it. */
export const editedResource = (resource: Resource, edit: EditResource, now: number): Resource => ({
  path: edit.path ?? resource.path,
  value: edit.value === undefined ? resource.value : valueText(edit.value),
  resource_type: edit.resource_type ?? resource.resource_type,
  description: edit.description ?? resource.description,
  labels: edit.labels ?? resource.labels,
  ws_specific: edit.ws_specific ?? resource.ws_specific,
  extra_perms: resource.extra_perms,
  created_by: resource.created_by,
  edited_at: now,
  rev: resource.rev + 1,
});

/** A resource as the wire shows it, without its value, which is JSON text and stands beside it. */
export const resourceView = (workspace: string, resource: Resource) => ({
  workspace_id: workspace,
  path: resource.path,
  description: resource.description,
  resource_type: resource.resource_type,
  is_oauth: false,
  is_linked: false,
  is_refreshed: false,
  extra_perms: resource.extra_perms,
  created_by: resource.created_by,
  edited_at: new Date(resource.edited_at).toISOString(),
  labels: resource.labels ?? [],
  ws_specific: resource.ws_specific ?? false,
});
