import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AttemptTokenVerifier, TokenStore } from '../access/principal.ts';
import type { JobStore } from '../jobs/ports.ts';
import { AwsAttemptVerifier } from './attempt-verifier.ts';
import { TokenCatalog } from './catalog-tokens.ts';
import { InstanceStore } from './instance.ts';
import { RosterReads } from './roster-reads.ts';
import { ViewTokens } from './view-tokens.ts';

/** Who asks and where, for functions that answer users: built once per environment. */
export const callerStores = (
  db: DynamoDBClient,
  catalog: string,
  jobs: JobStore,
): { tokens: TokenStore; attempts: AttemptTokenVerifier; rosters: RosterReads; links: ViewTokens } => {
  const tokens = new TokenCatalog(db, catalog);
  return {
    tokens,
    attempts: new AwsAttemptVerifier(new InstanceStore(db, catalog), jobs, tokens),
    rosters: new RosterReads(db, catalog),
    links: new ViewTokens(db, catalog, jobs),
  };
};
