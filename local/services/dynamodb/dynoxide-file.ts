import { DatabaseSync } from 'node:sqlite';

const BUSY_MS = 5000;

/** A second connection to the file of a dynoxide that may be running; its journal and its tables are dynoxide's. */
export const openDynoxideFile = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return database;
};
