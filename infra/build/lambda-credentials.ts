/*
 * Stands for `@aws-sdk/credential-provider-node` in every bundle. A Lambda function's credentials are in its environment,
 * always; the SDK's chain of files, SSO, logins and metadata services is 100 KB that a cold start would only read.
 */

/** Credentials of the function's role, as Lambda put them into the environment. */
export const defaultProvider = () => async () => {
  // biome-ignore lint/style/noProcessEnv: this is where the SDK asks for the credentials that Lambda set
  const env = process.env;
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) throw new Error('no credentials in the environment');
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
};
