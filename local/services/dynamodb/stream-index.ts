import { DatabaseSync } from 'node:sqlite';

const BUSY_MS = 5000;

/**
 * Gives dynoxide's records of table streams the index it lacks. For each write to a table with a stream it looks for the
 * highest sequence number; without an index that is a walk over every record ever written, so that the thousandth job is
 * slower than the first. What it answers does not change.
 */
export const indexStreamRecords = (databaseFile: string): void => {
  const database = new DatabaseSync(databaseFile);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.exec(
      'CREATE INDEX IF NOT EXISTS millrace_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))',
    );
  } finally {
    database.close();
  }
};
