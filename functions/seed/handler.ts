import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { z } from 'zod';
import { publicKeyOf, signingKey } from '../../shared/aws/attempt-tokens.ts';
import { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { InstanceStore } from '../../shared/aws/instance.ts';
import { passwordHash } from '../../shared/aws/passwords.ts';
import { secretText } from '../../shared/aws/secrets.ts';
import { UserCatalog } from '../../shared/aws/user-catalog.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { Env } from './env.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const Properties = z.object({ BaseUrl: z.url() });
const ADMIN_EMAIL = 'admin@millrace.dev';
/** The workspace that every Windmill has from the start. */
const FIRST_WORKSPACE = 'admins';

/** Writes what the catalog must hold before the first request; doing it again changes nothing. */
const seed = async (properties: unknown): Promise<void> => {
  const { BaseUrl } = Properties.parse(properties);
  const [adminToken, signingSecret] = await Promise.all([
    secretText(env.ADMIN_TOKEN_SECRET_ARN),
    secretText(env.SIGNING_SECRET_ARN),
  ]);
  const db = dynamodb();
  await new InstanceStore(db, env.CATALOG_TABLE).write({
    base_url: BaseUrl.replace(/\/+$/, ''),
    public_keys: [publicKeyOf(signingKey(signingSecret))],
  });
  const username = usernameOf(ADMIN_EMAIL);
  const now = Date.now();
  // A second deployment changes neither the password that was set meanwhile nor anything else about the admin.
  await new UserCatalog(db, env.CATALOG_TABLE).create({
    email: ADMIN_EMAIL,
    username,
    super_admin: true,
    password_hash: await passwordHash(adminToken),
    created_at: now,
  });
  await new TokenCatalog(db, env.CATALOG_TABLE).create({
    hash: createHash('sha256').update(adminToken).digest('hex'),
    prefix: adminToken.slice(0, 10),
    email: ADMIN_EMAIL,
    label: 'admin token of the installation',
    created_at: now,
  });
  const workspace = { id: FIRST_WORKSPACE, name: 'Admins', owner: ADMIN_EMAIL, created_at: now };
  await new WorkspaceCatalog(db, env.CATALOG_TABLE).create(workspace, { username });
};

/**
 * A CloudFormation custom resource: runs at create and update, and answers on the event's own URL. A deletion leaves the
 * catalog as it is: the table goes with its stack, or is kept on purpose.
 */
export const handler = async (event: CloudFormationCustomResourceEvent): Promise<void> => {
  const answer = {
    PhysicalResourceId: 'millrace-seed',
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  };
  try {
    if (event.RequestType !== 'Delete') await seed(event.ResourceProperties);
    await respond(event.ResponseURL, { ...answer, Status: 'SUCCESS' });
  } catch (error) {
    const Reason = error instanceof Error ? error.message : String(error);
    await respond(event.ResponseURL, { ...answer, Status: 'FAILED', Reason });
  }
};

const respond = async (url: string, body: Record<string, string>): Promise<void> => {
  // An empty content type: the URL is signed without one (CloudFormation's rule).
  const response = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: ${response.status}`);
};
