import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { JobKind } from '../model/job.ts';
import type { JobFilter, JobRow } from '../model/job-filter.ts';
import { FAILED_INDEX, LIVE_INDEX, PATH_INDEX, pathPartition, RUNS_INDEX, runsPartition, sortKey } from './job-keys.ts';

const Row = z.object({
  id: z.string(),
  workspace: z.string(),
  kind: JobKind,
  created_by: z.string(),
  permissioned_as: z.string(),
  tag: z.string(),
  created_at: z.number(),
  scheduled_for: z.number(),
  path: z.string().optional(),
  schedule_path: z.string().optional(),
  parent_job: z.string().optional(),
});

/** One partition of one index, and the attributes that are its keys. */
export type Source = { index: string; partition: string; value: string; sort: string };

/**
 * The smallest set of index partitions that holds every job a filter can let pass: the live ones, the failed ones, those
 * of one path, or those of each kind.
 */
export const sourcesFor = (workspace: string, filter: JobFilter): Source[] => {
  const [path, ...paths] = filter.path?.negated ? [] : (filter.path?.values ?? []);
  if (filter.state === 'live' || filter.running === true)
    return [{ index: LIVE_INDEX, partition: 'live', value: workspace, sort: 'due' }];
  if (path !== undefined && paths.length === 0)
    return [{ index: PATH_INDEX, partition: 'by_path', value: pathPartition(workspace, path), sort: 'sort' }];
  if (
    filter.success === false ||
    (filter.status?.every((status) => status === 'failure' || status === 'canceled') ?? false)
  )
    return [{ index: FAILED_INDEX, partition: 'failed', value: workspace, sort: 'sort' }];
  return (filter.kinds ?? JobKind.options).map((kind) => ({
    index: RUNS_INDEX,
    partition: 'runs',
    value: runsPartition(workspace, kind),
    sort: 'sort',
  }));
};

/** A page of rows of one source; `next` undefined: that was all. */
export type RowPage = { rows: JobRow[]; next: Record<string, AttributeValue> | undefined };

/** Bounds of creation time that a source sorted by it can use in its key. */
type Bounds = Pick<JobFilter, 'createdBefore' | 'createdAfter'>;

const keyCondition = (source: Source, bounds: Bounds) => {
  const names = { '#partition': source.partition };
  const equals = '#partition = :partition';
  const value = { ':partition': { S: source.value } };
  const unbounded = bounds.createdBefore === undefined && bounds.createdAfter === undefined;
  if (source.sort !== 'sort' || unbounded) return { KeyConditionExpression: equals, names, value };
  return {
    KeyConditionExpression: `${equals} AND #sort BETWEEN :from AND :to`,
    names: { ...names, '#sort': source.sort },
    value: {
      ...value,
      ':from': { S: sortKey((bounds.createdAfter ?? -1) + 1, '') },
      // '$' sorts right behind '#', so every id of the last millisecond is within.
      ':to': { S: sortKey((bounds.createdBefore ?? 10 ** 13) - 1, '').replace('#', '$') },
    },
  };
};

/** Reads one page of at most `limit` rows; newest (or due last) first unless `oldestFirst`. */
export const readRows = async (
  { db, table }: { db: DynamoDBClient; table: string },
  source: Source,
  bounds: Bounds,
  page: { limit: number; oldestFirst: boolean; from: Record<string, AttributeValue> | undefined },
): Promise<RowPage> => {
  const { KeyConditionExpression, names, value } = keyCondition(source, bounds);
  // DynamoDB refuses a BETWEEN whose bounds are the wrong way round
  if (':from' in value && value[':from'].S > value[':to'].S) return { rows: [], next: undefined };
  const { Items, LastEvaluatedKey } = await db.send(
    new QueryCommand({
      TableName: table,
      IndexName: source.index,
      KeyConditionExpression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: value,
      ScanIndexForward: page.oldestFirst,
      Limit: page.limit,
      ...(page.from === undefined ? {} : { ExclusiveStartKey: page.from }),
    }),
  );
  return { rows: (Items ?? []).map((item) => Row.parse(unmarshall(item))), next: LastEvaluatedKey };
};
