import type { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/**
 * The key over the data keys that secrets lie under. Its own policy leaves it to the roles who may use it; AWS changes
 * its material once a year and keeps the old, so nothing is encrypted anew. Deleted, all secrets are lost: it waits 30 days.
 */
export class SecretsKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, props: { removal: RemovalPolicy }) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Millrace: the data keys of secrets',
      enableKeyRotation: true,
      removalPolicy: props.removal,
    });
  }
}
