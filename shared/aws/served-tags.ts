import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { UpkeepCursor } from './upkeep-cursor.ts';

const Served = z.object({
  tags: z.array(z.string()),
  walk: z.object({ tags: z.array(z.string()), workspace: z.string(), after: z.string() }).optional(),
});

/** Which tags were served at the reaper's last look, and its walk over the jobs of new ones. */
export const servedTags = (db: DynamoDBClient, table: string): UpkeepCursor<z.infer<typeof Served>> =>
  new UpkeepCursor(db, table, 'served-tags', Served);
