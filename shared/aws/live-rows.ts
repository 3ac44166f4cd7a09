import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { LiveRows } from '../jobs/ports.ts';
import { LIVE_INDEX } from './job-keys.ts';

/** Query pages of 1 MB each: some 60,000 live jobs of a workspace. */
const MOST_PAGES = 20;

const Row = z.object({ id: z.string(), parent_job: z.string().optional() });

/** Reads over the rows of one workspace's live jobs. Of more than about 60,000 those that are due first. */
export class DynamoLiveRows implements LiveRows {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async links(workspace: string): Promise<{ id: string; parent: string }[]> {
    const rows = await this.#rows(workspace, 'attribute_exists(parent_job)', {}, {});
    return rows.flatMap(({ id, parent_job: parent }) => (parent === undefined ? [] : [{ id, parent }]));
  }

  async ofPath(workspace: string, path: string): Promise<string[]> {
    const rows = await this.#rows(workspace, '#path = :path', { '#path': 'path' }, { ':path': { S: path } });
    return rows.map(({ id }) => id);
  }

  async #rows(
    workspace: string,
    filter: string,
    names: Record<string, string>,
    values: Record<string, AttributeValue>,
  ): Promise<z.infer<typeof Row>[]> {
    const found: z.infer<typeof Row>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { Items, LastEvaluatedKey } = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: LIVE_INDEX,
          KeyConditionExpression: 'live = :workspace',
          FilterExpression: filter,
          ProjectionExpression: 'id, parent_job',
          ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
          ExpressionAttributeValues: { ':workspace': { S: workspace }, ...values },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(Items ?? []).map((item) => Row.parse(unmarshall(item))));
      from = LastEvaluatedKey;
      if (from === undefined) break;
    }
    return found;
  }
}
