import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ScheduleStore } from '../jobs/limit-ports.ts';
import { Schedule } from '../model/schedule.ts';
import { schedulesPartition } from './catalog-keys.ts';
import { NamedItems } from './catalog-named-items.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';

/** The schedules of workspaces. */
export class ScheduleCatalog extends NamedItems<Schedule> implements ScheduleStore {
  readonly #workspaces: WorkspaceCatalog;

  constructor(db: DynamoDBClient, table: string) {
    super(db, table, { partition: schedulesPartition, nameOf: ({ path }) => path, schema: Schedule });
    this.#workspaces = new WorkspaceCatalog(db, table);
  }

  /** Those of all workspaces: reads every one. */
  async *all(): AsyncIterable<{ workspace: string; schedule: Schedule }> {
    for (const { id: workspace } of await this.#workspaces.list())
      for (const schedule of await this.list(workspace)) yield { workspace, schedule };
  }
}
