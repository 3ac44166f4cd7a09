import { z } from 'zod';

export const TemplateResource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
});
export type TemplateResource = z.infer<typeof TemplateResource>;

const Parameter = z.object({
  Type: z.string(),
  Default: z.union([z.string(), z.number()]).transform(String).optional(),
});

const Output = z.object({
  Value: z.unknown(),
  Export: z.object({ Name: z.unknown() }).optional(),
  Condition: z.string().optional(),
});

/** The sections of a CloudFormation template that say what exists. Rules, Metadata and Description say nothing here; Transform is refused. */
export const Template = z.object({
  Resources: z.record(z.string(), TemplateResource),
  Parameters: z.record(z.string(), Parameter).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Outputs: z.record(z.string(), Output).default({}),
  Transform: z.undefined().optional(),
});
export type Template = z.infer<typeof Template>;

export type Stack = { name: string; template: Template };
