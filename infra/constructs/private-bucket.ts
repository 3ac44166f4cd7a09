import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export type PrivateBucketProps = {
  removal: RemovalPolicy;
  /** Refuses a put that could replace an object: every put must say `if-none-match: *`. Shuts out multipart uploads. */
  writeOnce?: boolean;
};

/** Encrypted, TLS only, never public. Nothing is expired by age alone: only failed uploads, replaced versions, and what was tagged an orphan. */
export class PrivateBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: props.removal,
      lifecycleRules: [
        { id: 'failed-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        { id: 'old-versions', noncurrentVersionExpiration: Duration.days(1) },
        { id: 'orphans', tagFilters: { orphan: 'true' }, expiration: Duration.days(1) },
      ],
    });
    if (props.writeOnce === true) {
      this.bucket.addToResourcePolicy(
        new PolicyStatement({
          sid: 'NeverReplace',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['s3:PutObject'],
          resources: [this.bucket.arnForObjects('*')],
          conditions: { Null: { 's3:if-none-match': 'true' } },
        }),
      );
    }
  }
}
