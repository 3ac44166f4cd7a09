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

/**
 * Writes all or nothing, and only while one of `witnesses` holds: what must not become the last of its kind names the others
 * as its witnesses, so that two who go at the same moment cannot both be let go.
 */
export const writeWhileOneHolds = async (
  at: CatalogTable,
  witnesses: readonly TransactWriteItem[],
  writes: readonly TransactWriteItem[],
): Promise<'written' | 'refused' | 'none holds'> => {
  for (const witness of witnesses) {
    const [gone, ...refused] = await writeTogether(at, [witness, ...writes]);
    if (gone === undefined) return 'written';
    if (!gone && refused.includes(true)) return 'refused';
  }
  return 'none holds';
};
