import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import type { Backend } from './backend.ts';

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const Projection = z.object({
  ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
  NonKeyAttributes: z.array(z.string()).optional(),
});

/** A table in CloudFormation's words; the members that mean nothing here (recovery, encryption, tags) are dropped. */
export const TableDefinition = z.object({
  TableName: z.string(),
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  KeySchema,
  GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema, Projection })).default([]),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
});
export type TableDefinition = z.input<typeof TableDefinition>;
export type Table = z.output<typeof TableDefinition>;

const Description = z.object({
  Table: z.object({
    TableStatus: z.string(),
    KeySchema,
    GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema })).default([]),
    StreamSpecification: z.object({ StreamViewType: z.string().optional() }).optional(),
    LatestStreamArn: z.string().optional(),
  }),
});

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The hash key's attribute. */
export const hashKeyOf = (schema: Table['KeySchema']): string | undefined =>
  schema.find((key) => key.KeyType === 'HASH')?.AttributeName;

const create = async (backend: Backend, table: Table): Promise<void> => {
  const { TableName, AttributeDefinitions, GlobalSecondaryIndexes, StreamSpecification: stream } = table;
  try {
    await backend.call('CreateTable', {
      TableName,
      AttributeDefinitions,
      KeySchema: table.KeySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(GlobalSecondaryIndexes.length === 0 ? {} : { GlobalSecondaryIndexes }),
      ...(stream === undefined ? {} : { StreamSpecification: { StreamEnabled: true, ...stream } }),
    });
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'ResourceInUseException')) throw error;
  }
};

const addMissingIndexes = async (backend: Backend, table: Table, found: z.infer<typeof Description>): Promise<void> => {
  const there = new Map(found.Table.GlobalSecondaryIndexes.map((index) => [index.IndexName, index.KeySchema]));
  for (const index of table.GlobalSecondaryIndexes) {
    const schema = there.get(index.IndexName);
    if (schema !== undefined && !same(schema, index.KeySchema)) {
      throw new Error(
        `table ${table.TableName}: index ${index.IndexName} has other keys on disk; start with a new state folder`,
      );
    }
    if (schema !== undefined) continue;
    const { TableName, AttributeDefinitions } = table;
    const GlobalSecondaryIndexUpdates = [{ Create: index }];
    await backend.call('UpdateTable', { TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates });
  }
};

const enableTtl = async (backend: Backend, { TableName, TimeToLiveSpecification }: Table): Promise<void> => {
  if (TimeToLiveSpecification === undefined) return;
  try {
    await backend.call('UpdateTimeToLive', { TableName, TimeToLiveSpecification });
  } catch (error) {
    if (!(error instanceof AwsError && /already/.test(error.message))) throw error;
  }
};

/**
 * Makes the table be as defined: created, or left as it is with its items, new indexes added and filled. Keys that
 * differ from those on disk are an error, as CloudFormation would replace the table. Answers the stream's ARN.
 */
export const ensureTable = async (backend: Backend, table: Table): Promise<string | undefined> => {
  await create(backend, table);
  const found = Description.parse(await backend.call('DescribeTable', { TableName: table.TableName }));
  if (!same(found.Table.KeySchema, table.KeySchema)) {
    throw new Error(`table ${table.TableName} has other keys on disk; start with a new state folder`);
  }
  await addMissingIndexes(backend, table, found);
  await enableTtl(backend, table);
  return found.Table.LatestStreamArn;
};
