import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import type { Backend } from './backend.ts';
import type { Table } from './tables.ts';

const Page = z.object({
  Items: z.array(z.record(z.string(), z.unknown())),
  LastEvaluatedKey: z.record(z.string(), z.unknown()).optional(),
});

const removeIfStillExpired = async (
  backend: Backend,
  table: Table,
  ttl: string,
  item: Record<string, unknown>,
  second: string,
) => {
  try {
    await backend.call('DeleteItem', {
      TableName: table.TableName,
      Key: Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name]])),
      ConditionExpression: '#ttl < :now',
      ExpressionAttributeNames: { '#ttl': ttl },
      ExpressionAttributeValues: { ':now': { N: second } },
    });
    return 1;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') return 0;
    throw error;
  }
};

/** Deletes the items whose time to live ran out before `now` (milliseconds); one pass over the table. Answers how many. */
export const deleteExpired = async (backend: Backend, table: Table, now: number): Promise<number> => {
  const ttl = table.TimeToLiveSpecification;
  if (ttl === undefined || !ttl.Enabled) return 0;
  const second = String(Math.floor(now / 1000));
  let deleted = 0;
  let from: Record<string, unknown> | undefined;
  do {
    const page = Page.parse(
      await backend.call('Scan', {
        TableName: table.TableName,
        FilterExpression: '#ttl < :now',
        ExpressionAttributeNames: { '#ttl': ttl.AttributeName },
        ExpressionAttributeValues: { ':now': { N: second } },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items)
      deleted += await removeIfStillExpired(backend, table, ttl.AttributeName, item, second);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return deleted;
};
