import { describe, expect, it } from 'vitest';
import { type Cfn, Synthesized } from './synthesized.ts';

const cloud = new Synthesized();

describe('tables', () => {
  it('keep the catalog restorable to any second', () => {
    expect(cloud.one('AWS::DynamoDB::Table', 'Catalog').Properties.PointInTimeRecoverySpecification).toMatchObject({
      PointInTimeRecoveryEnabled: true,
    });
  });

  it('expire jobs by `expires` and hand their old images to whoever cleans up after them', () => {
    expect(cloud.one('AWS::DynamoDB::Table', 'Jobs').Properties).toMatchObject({
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      StreamSpecification: { StreamViewType: 'OLD_IMAGE' },
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  it('project into indexes only what no transition changes', () => {
    const indexes = cloud.one('AWS::DynamoDB::Table', 'Jobs').Properties.GlobalSecondaryIndexes;
    expect(
      indexes.map((index: Cfn) => [index.IndexName, ...index.KeySchema.map((key: Cfn) => key.AttributeName)]),
    ).toEqual([
      ['runs', 'runs', 'sort'],
      ['path', 'by_path', 'sort'],
      ['live', 'live', 'due'],
      ['failed', 'failed', 'sort'],
    ]);
    for (const { Projection } of indexes) {
      expect(Projection.ProjectionType).toBe('INCLUDE');
      expect(Projection.NonKeyAttributes).not.toContain('status');
    }
  });

  it('are destroyed with the stack in development, kept and protected when the configuration says retain', () => {
    const kept = new Synthesized({ data: 'retain' });
    expect(cloud.one('AWS::KMS::Key', 'SecretsKey')).toMatchObject({ DeletionPolicy: 'Delete' });
    expect(kept.one('AWS::KMS::Key', 'SecretsKey')).toMatchObject({ DeletionPolicy: 'Retain' });
    for (const start of ['Jobs', 'Catalog']) {
      expect(cloud.one('AWS::DynamoDB::Table', start)).toMatchObject({ DeletionPolicy: 'Delete' });
      expect(kept.one('AWS::DynamoDB::Table', start)).toMatchObject({
        DeletionPolicy: 'Retain',
        Properties: { DeletionProtectionEnabled: true },
      });
    }
  });
});

describe('buckets', () => {
  const buckets = [...cloud.all('AWS::S3::Bucket')];
  const policyOf = (id: string): Cfn[] =>
    [...cloud.all('AWS::S3::BucketPolicy').values()]
      .filter(({ Properties }) => Properties.Bucket.Ref === id)
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);

  it('are payload, cache and pages', () => {
    expect(buckets.map(([id]) => id.replace(/Bucket.*/, ''))).toEqual(['Payload', 'Cache', 'Pages']);
  });

  it.each(buckets)('%s is encrypted and never public', (_id, { Properties }) => {
    expect(Properties.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  it.each(buckets)('%s refuses plain HTTP', (id) => {
    expect(policyOf(id)).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Principal: { AWS: '*' },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });

  it.each(buckets)('%s expires nothing by age alone', (_id, { Properties }) => {
    for (const rule of Properties.LifecycleConfiguration.Rules) {
      expect(rule.ExpirationInDays === undefined || rule.TagFilters.length > 0).toBe(true);
    }
  });

  it.each(buckets)('%s gives up uploads after a day, and expires what is tagged an orphan', (_id, { Properties }) => {
    const rules = Properties.LifecycleConfiguration.Rules;
    expect(rules).toContainEqual(
      expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
    );
    expect(rules).toContainEqual(expect.objectContaining({ TagFilters: [{ Key: 'orphan', Value: 'true' }] }));
  });

  it('refuse to replace a cached package', () => {
    const [cache] = buckets.find(([id]) => id.startsWith('Cache'))!;
    expect(policyOf(cache)).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:PutObject',
        Condition: { Null: { 's3:if-none-match': 'true' } },
      }),
    );
  });
});
