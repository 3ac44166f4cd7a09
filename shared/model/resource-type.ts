import { z } from 'zod';
import { Json } from './json.ts';
import { TypeName } from './resource.ts';

const Schema = Json.optional();

/** What a client sends to make a resource type. */
export const NewResourceType = z.object({
  name: TypeName,
  schema: Schema,
  description: z.string().max(20_000).nullish(),
  format_extension: z.string().max(50).nullish(),
  is_fileset: z.boolean().nullish(),
  display_name: z.string().max(200).nullish(),
});
export type NewResourceType = z.infer<typeof NewResourceType>;

/** What a client sends to change one: what is absent stays, null takes away. */
export const EditResourceType = NewResourceType.omit({ name: true });
export type EditResourceType = z.infer<typeof EditResourceType>;

/** A resource type as stored: it describes values, and nothing is held to it. Time in milliseconds since 1970. */
export const ResourceType = z.object({
  name: z.string(),
  /** JSON text: a table does not keep the order of keys. */
  schema: z.string().optional(),
  description: z.string().nullish(),
  format_extension: z.string().nullish(),
  is_fileset: z.boolean().nullish(),
  display_name: z.string().nullish(),
  created_by: z.string(),
  edited_at: z.number(),
  rev: z.number(),
});
export type ResourceType = z.infer<typeof ResourceType>;

/** The type that a request makes. */
export const newResourceType = (
  { schema, ...type }: NewResourceType,
  { by, now }: { by: string; now: number },
): ResourceType => ({
  ...type,
  ...(schema === undefined ? {} : { schema: JSON.stringify(schema) }),
  created_by: by,
  edited_at: now,
  rev: 1,
});

/** `type` as `edit` leaves it. */
export const editedResourceType = (
  type: ResourceType,
  { schema, ...edit }: EditResourceType,
  now: number,
): ResourceType => ({
  ...type,
  ...Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)),
  ...(schema === undefined ? {} : { schema: JSON.stringify(schema) }),
  edited_at: now,
  rev: type.rev + 1,
});

/** A type as the wire shows it, without its schema, which is JSON text and stands beside it. */
export const resourceTypeView = (workspace: string, type: ResourceType) => ({
  workspace_id: workspace,
  name: type.name,
  ...(type.description ? { description: type.description } : {}),
  created_by: type.created_by,
  edited_at: new Date(type.edited_at).toISOString(),
  ...(type.format_extension ? { format_extension: type.format_extension } : {}),
  is_fileset: type.is_fileset ?? false,
  ...(type.display_name ? { display_name: type.display_name } : {}),
});
