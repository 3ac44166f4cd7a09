import { z } from 'zod';
import type { Permission } from '../service.ts';

/** What IAM needs to know of a table: its ARN and the hash key's name, of the table (`''`) and of each index. */
export type TableKeys = {
  arn: (table: string) => string;
  hashKey: (table: string, index: string) => string | undefined;
};

const Value = z.record(z.string(), z.unknown());
const Item = z.record(z.string(), Value);
const OnItem = z.object({ TableName: z.string(), Key: Item.optional(), Item: Item.optional() });
const OnTable = z.object({ TableName: z.string(), IndexName: z.string().optional() });
const Search = OnTable.extend({
  KeyConditionExpression: z.string().default(''),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: Item.default({}),
});
const OnStream = z.object({
  StreamArn: z.string().optional(),
  ShardIterator: z.string().optional(),
  TableName: z.string().optional(),
});

const PutRequest = z.object({ PutRequest: z.object({ Item }) }).transform((request) => request.PutRequest.Item);
const DeleteRequest = z
  .object({ DeleteRequest: z.object({ Key: Item }) })
  .transform((request) => request.DeleteRequest.Key);
const BatchWrite = z.object({ RequestItems: z.record(z.string(), z.array(z.union([PutRequest, DeleteRequest]))) });
const BatchGet = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(Item) })) });
const Transact = z.object({ TransactItems: z.array(z.record(z.string(), OnItem)) });

const transactActions: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

const keyText = (value: Record<string, unknown> | undefined): string[] => {
  const [text] = Object.values(value ?? {});
  return typeof text === 'string' ? [text] : [];
};

const permission = (action: string, resource: string, leadingKeys: string[]): Permission => ({
  action: `dynamodb:${action}`,
  resource,
  ...(leadingKeys.length === 0 ? {} : { context: { 'dynamodb:LeadingKeys': [...new Set(leadingKeys)] } }),
});

const leadingOf = (keys: TableKeys, table: string, items: readonly (z.infer<typeof Item> | undefined)[]): string[] => {
  const hash = keys.hashKey(table, '');
  return hash === undefined ? [] : items.flatMap((item) => keyText(item?.[hash]));
};

const search = (operation: 'Query' | 'Scan', input: unknown, keys: TableKeys): Permission[] => {
  const { TableName, IndexName, ...query } = Search.parse(input);
  const table = keys.arn(TableName);
  const resource = IndexName === undefined ? table : `${table}/index/${IndexName}`;
  const hash = keys.hashKey(TableName, IndexName ?? '');
  const equals = query.KeyConditionExpression.matchAll(/(#?[\w.-]+)\s*=\s*(:\w+)/g);
  const leading = [...equals].flatMap(([, name = '', value = '']) =>
    (query.ExpressionAttributeNames[name] ?? name) === hash ? keyText(query.ExpressionAttributeValues[value]) : [],
  );
  return [permission(operation, resource, leading)];
};

const perTable = (action: string, items: Record<string, z.infer<typeof Item>[]>, keys: TableKeys): Permission[] =>
  Object.entries(items).map(([table, list]) => permission(action, keys.arn(table), leadingOf(keys, table, list)));

const transact = (input: unknown, keys: TableKeys): Permission[] =>
  Transact.parse(input).TransactItems.flatMap((entry) =>
    Object.entries(entry).map(([kind, { TableName, Key, Item: item }]) =>
      permission(transactActions[kind] ?? kind, keys.arn(TableName), leadingOf(keys, TableName, [Key ?? item])),
    ),
  );

/** What a call asks of IAM, table by table; throws a ZodError for input that DynamoDB would refuse anyway. */
export const callPermissions = (operation: string, input: unknown, keys: TableKeys): Permission[] => {
  switch (operation) {
    case 'Query':
    case 'Scan':
      return search(operation, input, keys);
    case 'BatchGetItem': {
      const { RequestItems } = BatchGet.parse(input);
      return perTable(
        operation,
        Object.fromEntries(Object.entries(RequestItems).map(([table, get]) => [table, get.Keys])),
        keys,
      );
    }
    case 'BatchWriteItem':
      return perTable(operation, BatchWrite.parse(input).RequestItems, keys);
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return transact(input, keys);
    case 'DescribeStream':
    case 'GetShardIterator':
    case 'GetRecords':
    case 'ListStreams': {
      const { StreamArn, TableName } = OnStream.parse(input);
      return [
        permission(operation, StreamArn ?? (TableName === undefined ? '*' : `${keys.arn(TableName)}/stream/*`), []),
      ];
    }
    default: {
      const { TableName, Key, Item: item } = OnItem.parse(input);
      return [permission(operation, keys.arn(TableName), leadingOf(keys, TableName, [Key ?? item]))];
    }
  }
};
