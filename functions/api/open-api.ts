import { z } from 'zod';
import { allContracts } from '../../shared/contracts/all.ts';
import type { Contract } from '../../shared/contracts/contract.ts';

type Described = Pick<Contract<unknown, unknown, unknown, unknown>, 'id' | 'method' | 'path' | 'summary' | 'access'> & {
  params: z.ZodType;
  query: z.ZodType;
  body: { kind: 'none' | 'raw' | 'json'; schema: z.ZodType | undefined };
  answer: { status: number; type: string; schema: z.ZodType | undefined };
};

const ObjectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

const jsonSchema = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

const parameters = (schema: z.ZodType, where: 'path' | 'query') => {
  const { properties, required } = ObjectSchema.parse(jsonSchema(schema));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
    ...(where === 'path' ? { description: 'slashes inside a path are not escaped' } : {}),
  }));
};

const VIEW_TOKEN = {
  name: 'view_token',
  in: 'query',
  required: false,
  schema: { type: 'string' },
  description: 'a link from jobs/job_view_token; or as header X-View-Token',
};

const requestBody = ({ body }: Described) => {
  switch (body.kind) {
    case 'none':
      return {};
    case 'raw':
      return {
        requestBody: {
          description: 'JSON, a form, or any other type',
          content: { 'application/json': { schema: {} } },
        },
      };
    case 'json':
      return {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: body.schema === undefined ? {} : jsonSchema(body.schema) } },
        },
      };
  }
};

const operation = (described: Described) => ({
  operationId: described.id,
  summary: described.summary,
  parameters: [
    ...parameters(described.params, 'path'),
    ...parameters(described.query, 'query'),
    ...('orViewToken' in described.access ? [VIEW_TOKEN] : []),
  ],
  ...requestBody(described),
  ...(described.access.needs === 'nothing' ? { security: [] } : {}),
  responses: {
    [described.answer.status]: {
      description: described.summary,
      content: {
        [described.answer.type]: {
          schema: described.answer.schema === undefined ? { type: 'string' } : jsonSchema(described.answer.schema),
        },
      },
    },
    default: { description: 'What is wrong', content: { 'text/plain': { schema: { type: 'string' } } } },
  },
});

let made: Record<string, unknown> | undefined;

/** The HTTP API as an OpenAPI 3.1 document, made from the contracts once per environment. */
export const openApi = (): Record<string, unknown> => {
  made ??= {
    openapi: '3.1.0',
    info: { title: 'Millrace', version: '0.1.0', description: "Windmill's job API on serverless AWS" },
    servers: [{ url: '/api' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
    paths: pathsOf(allContracts),
  };
  return made;
};

const pathsOf = (contracts: readonly Described[]): Record<string, Record<string, unknown>> => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const described of contracts) {
    const path = described.path.replace('+}', '}');
    paths[path] = { ...paths[path], [described.method.toLowerCase()]: operation(described) };
  }
  return paths;
};
