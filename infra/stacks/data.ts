import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { CatalogTable } from '../constructs/catalog-table.ts';
import { GeneratedSecret } from '../constructs/generated-secret.ts';
import { JobTable } from '../constructs/job-table.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { SecretsKey } from '../constructs/secrets-key.ts';

/** Everything that must outlive a deployment: tables, buckets, the key of secrets, and the two secrets that are not the front door's. */
export class DataStack extends Stack {
  readonly jobs: Table;
  readonly catalog: Table;
  readonly payload: Bucket;
  readonly packages: Bucket;
  readonly secretsKey: Key;
  readonly signingSecret: Secret;
  readonly adminToken: Secret;

  constructor(scope: Construct, id: string, props: StackProps & { config: Config }) {
    super(scope, id, { ...props, description: 'Millrace: tables, buckets, secrets and their key' });
    const protect = props.config.data === 'retain';
    const removal = protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.jobs = new JobTable(this, 'Jobs', { removal, protect }).table;
    this.catalog = new CatalogTable(this, 'Catalog', { removal, protect }).table;
    this.payload = new PrivateBucket(this, 'Payload', { removal }).bucket;
    this.packages = new PrivateBucket(this, 'Cache', { removal, writeOnce: true }).bucket;
    this.secretsKey = new SecretsKey(this, 'SecretsKey', { removal }).key;
    this.signingSecret = new GeneratedSecret(this, 'SigningSecret', {
      description: 'Seed of the Ed25519 key that signs the tokens of running jobs',
      removal,
    }).secret;
    this.adminToken = new GeneratedSecret(this, 'AdminToken', {
      description: 'Token of the first superadmin',
      removal,
    }).secret;
  }
}
