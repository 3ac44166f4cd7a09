import { z } from 'zod';
import type { DynamoDbService } from '../services/dynamodb/dynamodb-service.ts';
import { TableDefinition } from '../services/dynamodb/tables.ts';
import type { Deployment } from './deployment.ts';
import { noEffect } from './property-shapes.ts';

const Properties = z
  .strictObject({
    ...TableDefinition.shape,
    TableName: z.string().optional(),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    DeletionProtectionEnabled: noEffect,
    PointInTimeRecoverySpecification: noEffect,
    SSESpecification: noEffect,
    Tags: noEffect,
  })
  .transform(({ BillingMode: _billing, DeletionProtectionEnabled: _protect, ...table }) => table);

export const buildTables = async (deployment: Deployment, service: DynamoDbService): Promise<void> => {
  for (const resource of deployment.of('AWS::DynamoDB::Table')) {
    const table = deployment.properties(resource, Properties);
    await service.createTable({ ...table, TableName: resource.identity.ref });
  }
};
