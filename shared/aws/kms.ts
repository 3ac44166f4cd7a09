import { KMSClient } from '@aws-sdk/client-kms';

/** What is used of the client, by name, so that the rest stays out of the bundles. */
export { DecryptCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';

let client: KMSClient | undefined;

/** The KMS client. Import this file lazily: most cold starts meet no secret. */
export const kmsClient = (): KMSClient => {
  client ??= new KMSClient({ maxAttempts: 4 });
  return client;
};
