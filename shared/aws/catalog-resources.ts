import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Resource } from '../model/resource.ts';
import { resourcesPartition } from './catalog-keys.ts';
import { NamedItems } from './catalog-named-items.ts';

/** The resources of workspaces, states among them. */
export class ResourceCatalog extends NamedItems<Resource> {
  constructor(db: DynamoDBClient, table: string) {
    super(db, table, { partition: resourcesPartition, nameOf: ({ path }) => path, schema: Resource });
  }
}
