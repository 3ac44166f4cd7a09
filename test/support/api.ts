import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbService } from '../../local/services/dynamodb/dynamodb-service.ts';
import { KmsService } from '../../local/services/kms/kms-service.ts';
import { S3Service } from '../../local/services/s3/s3-service.ts';
import { SchedulerService } from '../../local/services/scheduler/scheduler-service.ts';
import { SqsService } from '../../local/services/sqs/sqs-service.ts';
import { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import { InstanceStore } from '../../shared/aws/instance.ts';
import { DynamoJobStore } from '../../shared/aws/job-store.ts';
import { AwsLogStore } from '../../shared/aws/log-store.ts';
import { passwordHash } from '../../shared/aws/passwords.ts';
import { AwsPayloadStore } from '../../shared/aws/payload-store.ts';
import { UserCatalog } from '../../shared/aws/user-catalog.ts';
import type { WorkerGroup } from '../../shared/model/worker-group.ts';
import { serveService } from './serve-service.ts';

const PLACE = { accountId: '000000000000', region: 'us-east-1' };
const PROJECTED = [
  'id',
  'workspace',
  'kind',
  'created_by',
  'permissioned_as',
  'tag',
  'path',
  'schedule_path',
  'parent_job',
  'created_at',
  'scheduled_for',
];
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' as const },
  { AttributeName: 'sk', KeyType: 'RANGE' as const },
];
const strings = (...names: string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }));
const index = (IndexName: string, hash: string, range: string) => ({
  IndexName,
  KeySchema: [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ],
  Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: PROJECTED },
});

const startServices = async (folder: string) => {
  const dynamo = await DynamoDbService.start({ folder: join(folder, 'dynamodb'), place: PLACE });
  await dynamo.createTable({
    TableName: 'jobs',
    AttributeDefinitions: strings('pk', 'sk', 'runs', 'sort', 'by_path', 'live', 'due', 'failed'),
    KeySchema: KEYS,
    GlobalSecondaryIndexes: [
      index('runs', 'runs', 'sort'),
      index('path', 'by_path', 'sort'),
      index('live', 'live', 'due'),
      index('failed', 'failed', 'sort'),
    ],
  });
  await dynamo.createTable({ TableName: 'catalog', AttributeDefinitions: strings('pk', 'sk'), KeySchema: KEYS });
  const s3 = new S3Service({ folder: join(folder, 's3'), now: Date.now });
  s3.createBucket({ name: 'payloads' });
  const endpoint = 'http://127.0.0.1:1';
  const sqs = new SqsService({ file: join(folder, 'sqs.db'), place: PLACE, endpoint, now: Date.now });
  const kms = new KmsService({ file: join(folder, 'keys.db'), place: PLACE, now: Date.now });
  const secretsKeyArn = kms.createKey('secrets').arn;
  const scheduler = new SchedulerService({
    file: join(folder, 'scheduler.db'),
    place: PLACE,
    now: Date.now,
    deliver: async () => undefined,
    wait: async () => undefined,
    onLost: () => undefined,
  });
  scheduler.createGroup('jobs');
  const servers = {
    scheduler: await serveService('scheduler', scheduler),
    dynamo: await serveService('dynamodb', dynamo),
    s3: await serveService('s3', s3),
    sqs: await serveService('sqs', sqs),
    kms: await serveService('kms', kms),
  };
  const queue = (name: string) =>
    sqs.createQueue({
      name,
      visibilityTimeoutSeconds: 30,
      delaySeconds: 0,
      retentionSeconds: 345_600,
      receiveWaitSeconds: 0,
    });
  const stop = async () => {
    for (const server of Object.values(servers)) await server.close();
  };
  return { servers, queue, secretsKeyArn, stop };
};

const GROUP: WorkerGroup = {
  name: 'default',
  tags: ['python3', 'bash', 'bun', 'dependency'],
  max_concurrency: 20,
  priority_concurrency: 10,
  batch_size: 1,
  time_limit_s: 840,
  memory_mb: 1024,
  lane: 'lambda',
  runner_concurrency: 150,
};

/** Sets the environment that the template would give; only a test's own process sees it. */
const setEnvironment = (services: Awaited<ReturnType<typeof startServices>>): void => {
  const { dynamo, s3, sqs, scheduler, kms } = services.servers;
  const [first] = GROUP.tags.map((tag) => services.queue(tag));
  const { url = '', arn } = first ?? {};
  const like = { url: url.replace('http://127.0.0.1:1', sqs.endpoint), arn };
  const tags = Object.fromEntries(GROUP.tags.map((tag) => [tag, tag]));
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_SCHEDULER: scheduler.endpoint,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    JOBS_TABLE: 'jobs',
    CATALOG_TABLE: 'catalog',
    PAYLOAD_BUCKET: 'payloads',
    SECRETS_KEY_ARN: services.secretsKeyArn,
    QUEUES: JSON.stringify({ like, groups: [{ tags }] }),
    WORKER_GROUPS: JSON.stringify([GROUP]),
    SCHEDULE_GROUP: 'jobs',
    SCHEDULE_ROLE_ARN: 'arn:aws:iam::000000000000:role/sender',
    SCHEDULE_DEAD_LETTER_ARN: 'arn:aws:sqs:us-east-1:000000000000:dead',
    ORIGIN_SECRETS: 'new-secret,old-secret',
  });
};

const ADMIN_TOKEN = 'admin-token-of-the-tests';

export type Answer = { status: number; type: string; text: string; headers: Record<string, string> };
export type Sent = { token?: string | null; body?: unknown; headers?: Record<string, string>; origin?: string | null };

const eventOf = (method: string, pathAndQuery: string, sent: Sent) => {
  const [rawPath = '', rawQueryString = ''] = pathAndQuery.split(/\?(.*)/s);
  const token = sent.token === undefined ? ADMIN_TOKEN : sent.token;
  const origin = sent.origin === undefined ? 'new-secret' : sent.origin;
  return {
    version: '2.0',
    routeKey: 'ANY /api/{proxy+}',
    rawPath: `/api${rawPath}`,
    rawQueryString,
    headers: {
      ...(origin === null ? {} : { 'x-millrace-origin': origin }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...sent.headers,
    },
    requestContext: {
      requestId: randomUUID(),
      http: { method, path: `/api${rawPath}`, sourceIp: '64.252.64.1' },
      stage: '$default',
    },
    isBase64Encoded: false,
    ...(sent.body === undefined ? {} : { body: typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body) }),
  };
};

/**
 * The `api` function as deployed, its own composition root included, over real wire protocols: dynoxide on disk, S3 and
 * SQS of the local cloud. `call` hands it events as the HTTP API does.
 */
export const startApi = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-api-'));
  const services = await startServices(folder);
  setEnvironment(services);
  const { handler } = await import('../../functions/api/handler.ts');
  const db = new DynamoDBClient(services.servers.dynamo.client);
  const hash = createHash('sha256').update(ADMIN_TOKEN).digest('hex');
  await new InstanceStore(db, 'catalog').write({ base_url: 'http://localhost:8080', public_keys: [] });
  const now = Date.now();
  await new UserCatalog(db, 'catalog').create({
    email: 'admin@millrace.dev',
    username: 'admin',
    super_admin: true,
    password_hash: await passwordHash('password of the admin'),
    created_at: now,
  });
  const token = { hash, prefix: ADMIN_TOKEN.slice(0, 10), email: 'admin@millrace.dev', created_at: now };
  await new TokenCatalog(db, 'catalog').create(token);
  const call = async (method: string, path: string, sent: Sent = {}): Promise<Answer> => {
    const context = { awsRequestId: 'request-1' } as Parameters<typeof handler>[1];
    const answer = await handler(eventOf(method, path, sent), context);
    const headers = answer.headers as Record<string, string>;
    return {
      status: answer.statusCode ?? 0,
      type: headers['content-type'] ?? '',
      text: answer.body ?? '',
      headers,
    };
  };
  return {
    call,
    // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
    json: async (method: string, path: string, sent: Sent = {}): Promise<any> => {
      const answer = await call(method, path, sent);
      if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return JSON.parse(answer.text);
    },
    db,
    jobs: new DynamoJobStore(db, 'jobs'),
    payloads: new AwsPayloadStore(db, 'jobs', 'payloads'),
    logs: new AwsLogStore(db, 'jobs', 'payloads'),
    stop: async () => {
      await services.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
export type Api = Awaited<ReturnType<typeof startApi>>;
