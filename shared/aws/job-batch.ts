import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Job } from '../model/job.ts';
import { fromItem } from './job-item.ts';
import { jobKey } from './job-keys.ts';

/** DynamoDB's limit for one BatchGetItem. */
const BATCH = 100;

/** Those of these jobs (ids, each once) that have an item, as it stands, in no order. */
export const readJobs = async (
  from: { db: DynamoDBClient; table: string; consistent: boolean },
  workspace: string,
  ids: readonly string[],
): Promise<Job[]> => {
  const found: Job[] = [];
  let keys = ids.map((id) => marshall(jobKey({ workspace, id })));
  while (keys.length > 0) {
    const Keys = keys.slice(0, BATCH);
    const { Responses, UnprocessedKeys } = await from.db.send(
      new BatchGetItemCommand({ RequestItems: { [from.table]: { Keys, ConsistentRead: from.consistent } } }),
    );
    found.push(...(Responses?.[from.table] ?? []).map(fromItem));
    keys = [...(UnprocessedKeys?.[from.table]?.Keys ?? []), ...keys.slice(BATCH)];
  }
  return found;
};
