import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { scheduleHandlersKey } from './catalog-keys.ts';

const Kept = z.looseObject({});

/** The default handlers of a workspace's schedules, one of each kind. */
export class ScheduleDefaults {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  /** Replaces the one of its kind. */
  async keep(workspace: string, kind: 'error' | 'recovery' | 'success', handler: object): Promise<void> {
    const key = scheduleHandlersKey(workspace);
    const kept = (await readItem(this.#at, key, Kept, true)) ?? {};
    const Item = catalogItem(key, { ...kept, [kind]: JSON.stringify(handler) });
    await this.#at.db.send(new PutItemCommand({ TableName: this.#at.table, Item }));
  }
}
