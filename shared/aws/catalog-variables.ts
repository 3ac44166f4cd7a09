import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Variable } from '../model/variable.ts';
import { variablesPartition } from './catalog-keys.ts';
import { NamedItems } from './catalog-named-items.ts';

/** The variables of workspaces; the values of secrets are stored as they were sealed. */
export class VariableCatalog extends NamedItems<Variable> {
  constructor(db: DynamoDBClient, table: string) {
    super(db, table, { partition: variablesPartition, nameOf: ({ path }) => path, schema: Variable });
  }
}
