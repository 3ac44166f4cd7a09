import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AttemptTokenVerifier, TokenStore, WorkspaceDirectory } from '../access/principal.ts';
import type { JobStore } from '../jobs/ports.ts';
import { AwsAttemptVerifier } from './attempt-verifier.ts';
import { TokenCatalog } from './catalog-tokens.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';
import { InstanceStore } from './instance.ts';

/** Who asks and where, for functions that answer users: built once per environment. */
export const callerStores = (
  db: DynamoDBClient,
  catalog: string,
  jobs: JobStore,
): { tokens: TokenStore; attempts: AttemptTokenVerifier; workspaces: WorkspaceDirectory } => ({
  tokens: new TokenCatalog(db, catalog),
  attempts: new AwsAttemptVerifier(new InstanceStore(db, catalog), jobs),
  workspaces: new WorkspaceCatalog(db, catalog),
});
