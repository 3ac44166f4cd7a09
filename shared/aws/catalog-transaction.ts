import {
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { type CatalogTable, refusedWrites } from './catalog-items.ts';

/** Somebody else who writes one of the items at that moment makes the whole try again, this often. */
const TRIES = 5;

const isConflict = (error: TransactionCanceledException): boolean =>
  (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict');

/** Writes all or nothing. Empty when written; else, by position, which conditions did not hold. */
export const writeTogether = async ({ db }: CatalogTable, TransactItems: TransactWriteItem[]): Promise<boolean[]> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await db.send(new TransactWriteItemsCommand({ TransactItems }));
      return [];
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const refused = refusedWrites(error);
      if (refused.includes(true)) return refused;
      if (!isConflict(error) || tries >= TRIES) throw error;
    }
  }
};
