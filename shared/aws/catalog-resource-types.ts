import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ResourceType } from '../model/resource-type.ts';
import { resourceTypesPartition } from './catalog-keys.ts';
import { NamedItems } from './catalog-named-items.ts';

/** The resource types of workspaces. */
export class ResourceTypeCatalog extends NamedItems<ResourceType> {
  constructor(db: DynamoDBClient, table: string) {
    super(db, table, { partition: resourceTypesPartition, nameOf: ({ name }) => name, schema: ResourceType });
  }
}
