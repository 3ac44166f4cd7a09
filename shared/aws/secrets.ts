import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The text of a secret. Import this file lazily: only cold starts need it. */
export const secretText = async (arn: string): Promise<string> => {
  const { SecretString } = await new SecretsManagerClient({ maxAttempts: 4 }).send(
    new GetSecretValueCommand({ SecretId: arn }),
  );
  if (SecretString === undefined) throw new Error('the secret has no text');
  return SecretString;
};
