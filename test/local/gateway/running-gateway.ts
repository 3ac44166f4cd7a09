import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock } from '../../../local/clock.ts';
import { Credentials } from '../../../local/gateway/credentials.ts';
import { Gateway } from '../../../local/gateway/gateway.ts';
import { Policies } from '../../../local/iam/policies.ts';
import { parsePolicy } from '../../../local/iam/policy.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/dynamodb-service.ts';
import { KmsService } from '../../../local/services/kms/kms-service.ts';
import { S3Service } from '../../../local/services/s3/s3-service.ts';
import type { Service } from '../../../local/services/service.ts';
import { SqsService } from '../../../local/services/sqs/sqs-service.ts';

export const place = { accountId: '000000000000', region: 'us-east-1' };
export const ADMIN_KEY = 'the admin key';

class SkewedClock extends Clock {
  override readonly now: () => number;

  constructor(skewMs: () => number) {
    super();
    this.now = () => Date.now() + skewMs();
  }
}

/** A gateway before real services: table `jobs` (pk), bucket `payload`, queue `work`, a key; role `writer` may all but list, `nobody` nothing. */
export class RunningGateway {
  readonly killed: string[] = [];
  readonly policies = new Policies();
  readonly credentials = new Credentials();
  clockSkewMs = 0;
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-gateway-'));
  readonly gateway: Gateway;
  readonly #services: Record<string, Service> = {};
  url = '';
  /** `writer` may make data keys of purpose `secrets` with it; its own policy names the account. */
  readonly keyArn: string;
  /** Messages that wait in the queue `work`. */
  queued = (): number => 0;

  constructor() {
    const s3 = new S3Service({ folder: join(this.folder, 's3'), now: Date.now });
    s3.createBucket({ name: 'payload' });
    this.#services.s3 = s3;
    const objects = 'arn:aws:s3:::payload/*';
    const kms = new KmsService({ file: join(this.folder, 'keys.db'), place, now: Date.now });
    this.keyArn = kms.createKey('secrets').arn;
    this.#services.kms = kms;
    const secretsOnly = { StringEquals: { 'kms:EncryptionContext:purpose': 'secrets' } };
    const allowed = [
      { Effect: 'Allow', Action: 'kms:GenerateDataKey', Resource: this.keyArn, Condition: secretsOnly },
      { Effect: 'Allow', Action: 'dynamodb:*Item', Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs' },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: objects },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' },
    ];
    this.policies.addRole('writer', []);
    this.policies.attach('writer', parsePolicy({ Statement: allowed }, 'writer'));
    this.policies.addRole('nobody', []);
    const account = { AWS: `arn:aws:iam::${place.accountId}:root` };
    const delegate = { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: account };
    this.policies.attachToResource(this.keyArn, parsePolicy({ Statement: delegate }, 'the key'));
    this.gateway = new Gateway({
      services: this.#services,
      policies: this.policies,
      credentials: this.credentials,
      place,
      adminKey: ADMIN_KEY,
      clock: new SkewedClock(() => this.clockSkewMs),
      rightToLearnAbsence: (call) => s3.permissionToLearnAbsence(call),
      killEnvironment: (name) => this.killed.push(name),
    });
  }

  async start(): Promise<this> {
    this.url = await this.gateway.listen(0);
    const dynamodb = await DynamoDbService.start({ folder: join(this.folder, 'dynamodb'), place });
    await dynamodb.createTable({
      TableName: 'jobs',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    });
    const sqs = new SqsService({ file: join(this.folder, 'sqs.db'), place, endpoint: this.url, now: Date.now });
    const settings = { visibilityTimeoutSeconds: 30, delaySeconds: 0, retentionSeconds: 600, receiveWaitSeconds: 0 };
    sqs.createQueue({ name: 'work', ...settings });
    this.queued = () => sqs.counts('work').visible;
    Object.assign(this.#services, { dynamodb, sqs });
    return this;
  }

  /** Configuration for an SDK client that wears the role; one attempt, so that faults are seen and not retried away. */
  client(roleName: string, functionName = `${roleName}-fn`) {
    const credentials = this.credentials.issue({ roleName, functionName });
    return { region: place.region, endpoint: this.url, credentials, maxAttempts: 1 };
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    for (const service of Object.values(this.#services)) await service.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
