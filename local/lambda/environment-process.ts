import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { confined } from './confinement.ts';
import type { FunctionDefinition } from './definitions.ts';
import type { EnvironmentFolder } from './environment-folder.ts';
import type { LambdaConfig } from './lambda-config.ts';

const NATIVE_CLIENT = join(import.meta.dirname, 'runtime', 'native-client.cjs');
const RUNTIME_CLIENT = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
type RuntimeApi = { address: string; key: string };

const BARE_PATH = '/usr/local/bin:/usr/bin:/bin';

/** The handler of an image function is its CMD. */
const handlerOf = (definition: FunctionDefinition): string => definition.image?.command[0] ?? definition.handler;

/** A tenant's environment holds user code: it gets neither credentials nor the way to any service. */
const rights = (definition: FunctionDefinition, config: LambdaConfig, id: string): Record<string, string> => {
  if (definition.tenancy === 'PER_TENANT') return {};
  const credentials = config.credentialsFor(definition.roleName, id);
  if (credentials === undefined) return { AWS_ENDPOINT_URL: config.endpointUrl() };
  return {
    AWS_ENDPOINT_URL: config.endpointUrl(),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
  };
};

/** The log stream of an environment. */
const logStreamOf = (id: string): string => `[$LATEST]${id}`;

/**
 * The whole environment of a function's process: what the template gives, what Lambda adds, nothing of this process.
 * HOME points into the environment's own folder, so that no SDK finds the developer's own AWS profile.
 */
const environmentVariables = (
  definition: FunctionDefinition,
  config: LambdaConfig,
  folder: EnvironmentFolder,
  runtimeApi: RuntimeApi,
  id: string,
): Record<string, string> => ({
  PATH: definition.image === undefined ? BARE_PATH : config.imagePath,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  HOME: folder.work,
  TMPDIR: folder.tmp,
  ...definition.environment,
  AWS_REGION: config.place.region,
  AWS_DEFAULT_REGION: config.place.region,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: logStreamOf(id),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  ...(definition.logFormat === 'JSON' ? { AWS_LAMBDA_LOG_FORMAT: 'JSON' } : {}),
  AWS_LAMBDA_RUNTIME_API: runtimeApi.address,
  LAMBDA_RUNTIME_KEY: runtimeApi.key,
  LAMBDA_TASK_ROOT: definition.codeDir,
  LAMBDA_RUNTIME_DIR: import.meta.dirname,
  _HANDLER: handlerOf(definition),
  ...rights(definition, config, id),
});

/**
 * Starts the process of one environment in a group of its own. Its stdin is a lifeline: it is written by nobody and
 * ends with this process.
 */
export const spawnEnvironment = (
  definition: FunctionDefinition,
  config: LambdaConfig,
  folder: EnvironmentFolder,
  runtimeApi: RuntimeApi,
  log: { fd: number },
  id: string,
): ChildProcess => {
  const env = environmentVariables(definition, config, folder, runtimeApi, id);
  // compiled code is shared by environments that hold our code only; a tenant's must not write what others run
  env.MILLRACE_AHEAD_MS = String(config.clock?.aheadMs ?? 0);
  if (definition.tenancy === undefined) env.NODE_COMPILE_CACHE = join(config.stateDir, 'compile-cache');
  const program = [
    config.nodePath ?? process.execPath,
    // A dozen processes share one machine here: small young generations halve what they hold after a long burst.
    `--max-old-space-size=${definition.memoryMb}`,
    '--max-semi-space-size=2',
    '--require',
    NATIVE_CLIENT,
    RUNTIME_CLIENT,
  ];
  const [file = '', ...argv] =
    definition.tenancy === undefined || config.confinement === undefined
      ? program
      : confined(config.confinement, definition, program);
  return spawn(file, argv, { cwd: folder.work, env, detached: true, stdio: ['pipe', log.fd, log.fd] });
};
