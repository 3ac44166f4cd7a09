import { openDynoxideFile } from './dynoxide-file.ts';

/**
 * Gives dynoxide's records of table streams the index it lacks. For each write to a table with a stream it looks for the
 * highest sequence number; without an index that is a walk over every record ever written, so that the thousandth job is
 * slower than the first. What it answers does not change.
 */
export const indexStreamRecords = (databaseFile: string): void => {
  const database = openDynoxideFile(databaseFile);
  try {
    database.exec(
      'CREATE INDEX IF NOT EXISTS millrace_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))',
    );
  } finally {
    database.close();
  }
};
