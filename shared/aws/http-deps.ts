import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { cachedTokens } from '../access/cached-tokens.ts';
import type { AttemptTokenVerifier, TokenStore, WorkspaceDirectory } from '../access/principal.ts';
import { AwsAttemptVerifier } from './attempt-verifier.ts';
import { TokenCatalog } from './catalog-tokens.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';
import { InstanceStore } from './instance.ts';
import { DynamoJobStore } from './job-store.ts';

/** What knowing a caller takes on AWS: built once per environment by every function that answers HTTP. */
export const httpDeps = (
  db: DynamoDBClient,
  env: { JOBS_TABLE: string; CATALOG_TABLE: string },
): { tokens: TokenStore; attempts: AttemptTokenVerifier; workspaces: WorkspaceDirectory; now: () => number } => ({
  tokens: cachedTokens(new TokenCatalog(db, env.CATALOG_TABLE)),
  attempts: new AwsAttemptVerifier(new InstanceStore(db, env.CATALOG_TABLE), new DynamoJobStore(db, env.JOBS_TABLE)),
  workspaces: new WorkspaceCatalog(db, env.CATALOG_TABLE),
  now: Date.now,
});
