import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { z } from 'zod';
import type { Key } from './catalog-keys.ts';

/** Where the catalog is. */
export type CatalogTable = { db: DynamoDBClient; table: string };

/** An item of the catalog with its keys. Values that are undefined are left out. */
export const catalogItem = (key: Key, value: object): Record<string, AttributeValue> =>
  marshall({ ...value, ...key }, { removeUndefinedValues: true });

/** One item, parsed. Undefined when there is none; throws when the table holds something of another shape. */
export const readItem = async <T>(
  { db, table }: CatalogTable,
  key: Key,
  schema: z.ZodType<T>,
  consistent = false,
): Promise<T | undefined> => {
  const { Item } = await db.send(
    new GetItemCommand({ TableName: table, Key: marshall(key), ConsistentRead: consistent }),
  );
  return Item === undefined ? undefined : schema.parse(unmarshall(Item));
};

/** No list of the catalog reads more pages of 1 MB than this: a bound, not a page size. */
const MAX_PAGES = 20;

/** All items of a partition whose sort key begins with `prefix`, in key order, within 20 MB. */
export const readPartition = async <T>(
  { db, table }: CatalogTable,
  pk: string,
  schema: z.ZodType<T>,
  {
    prefix = '',
    newestFirst = false,
    limit,
    consistent = false,
  }: { prefix?: string; newestFirst?: boolean; limit?: number; consistent?: boolean } = {},
): Promise<T[]> => {
  const found: T[] = [];
  let from: Record<string, AttributeValue> | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
        ScanIndexForward: !newestFirst,
        ConsistentRead: consistent,
        ...(limit === undefined ? {} : { Limit: limit }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(Items ?? []).map((item) => schema.parse(unmarshall(item))));
    from = LastEvaluatedKey;
    if (from === undefined || (limit !== undefined && found.length >= limit)) break;
  }
  return found;
};

/** Which of a canceled transaction's writes were refused by their condition, by position. */
export const refusedWrites = (error: TransactionCanceledException): boolean[] =>
  (error.CancellationReasons ?? []).map((reason) => reason.Code === 'ConditionalCheckFailed');
