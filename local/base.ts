import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Clock } from './clock.ts';
import { Credentials } from './gateway/credentials.ts';
import type { Forward } from './gateway/forward.ts';
import { Gateway } from './gateway/gateway.ts';
import { Policies } from './iam/policies.ts';
import { imagePath } from './image-path.ts';
import type { StreamingLimits } from './lambda/streaming-limits.ts';
import type { Place, Service } from './services/service.ts';
import { type CloudServices, closeServices, startServices } from './services-of-cloud.ts';
import type { Teardown } from './teardown.ts';

export const PLACE: Place = { accountId: '000000000000', region: 'us-east-1' };
export const ROOT = dirname(import.meta.dirname);

export type CloudOptions = {
  /** State folder; made when it is missing. */
  home: string;
  /** Port of the front door on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Address people use, without a slash at the end; by default `http://localhost:<port>`. */
  baseUrl?: string;
  /** The admin token; without it the one generated at the first start stays. */
  adminToken?: string;
  /** Upper bound on the invocations each event source makes at once; 4 by default. */
  workers?: number;
  /** A cloud assembly that is ready; without it the CDK app runs when its inputs changed, into `cdk.out`. */
  assemblyDir?: string;
  /** PATH of image functions; by default bun of the package list, this Node, and the PATH of this process. */
  imagePath?: string;
  /** The pace of streamed answers: AWS's by default, null lifts it. */
  streamingLimits?: StreamingLimits | null;
  /** The time of this cloud; a new clock, which shows the machine's time, by default. */
  clock?: Clock;
  /** False: user code runs as a process like any other, even where the machine could shut it in. */
  confine?: boolean;
  /** Folders of this machine that scripts may read and write though they are shut in; all of them may. */
  share?: string[];
  /** Services that something else answers. */
  forwards?: Record<string, Forward>;
  /** One line about something that went wrong. */
  report?: (line: string) => void;
};

const keyIn = (file: string): string => {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
};

/** The gateway and the services behind it, before the template is read. */
export type Base = {
  options: CloudOptions;
  clock: Clock;
  gateway: Gateway;
  gatewayUrl: string;
  adminKey: string;
  services: CloudServices;
  policies: Policies;
  wearers: Map<string, string>;
};

/** Starts the gateway on a free port, then every service with the gateway's address; the ends are added to `teardown`. */
export const startBase = async (options: CloudOptions, teardown: Teardown): Promise<Base> => {
  const report = options.report ?? (() => {});
  const clock = options.clock ?? new Clock();
  const policies = new Policies();
  const credentials = new Credentials();
  const wearers = new Map<string, string>();
  const running: Record<string, Service> = {};
  let services: CloudServices | undefined;
  const adminKey = keyIn(join(options.home, 'admin-key'));
  const gateway = new Gateway({
    services: running,
    ...(options.forwards === undefined ? {} : { forwards: options.forwards }),
    policies,
    credentials,
    place: PLACE,
    adminKey,
    clock,
    rightToLearnAbsence: (call) => services?.s3.permissionToLearnAbsence(call),
    killEnvironment: (name, environment) => void services?.lambda.killEnvironment(name, environment),
    redeliver: () => services?.sqs.redeliver(),
    onError: (error, what) =>
      report(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
  const gatewayUrl = await gateway.listen(0);
  teardown.add(() => gateway.close());
  services = await startServices({
    stateDir: options.home,
    place: PLACE,
    clock,
    gateway,
    gatewayUrl,
    policies,
    credentials,
    wearerOf: (roleName) => wearers.get(roleName) ?? roleName,
    // biome-ignore lint/style/noProcessEnv: the interpreters are found where this process finds them
    imagePath: options.imagePath ?? imagePath(ROOT, process.env.PATH ?? ''),
    confine: options.confine ?? true,
    share: options.share ?? [],
    ...(options.streamingLimits === undefined ? {} : { streamingLimits: options.streamingLimits }),
    report,
  });
  const { dynamodb, sqs, s3, secrets, kms, scheduler, lambda, ecs } = services;
  teardown.add(() => closeServices({ dynamodb, sqs, s3, secrets, kms, scheduler, lambda, ecs }));
  Object.assign(running, { dynamodb, sqs, s3, secretsmanager: secrets, kms, scheduler, lambda, ecs });
  lambda.onInvoke(({ functionName, cold, error, durationMs }) =>
    gateway.meter.countInvocation(functionName, { cold, failed: error !== undefined, durationMs }),
  );
  return { options, clock, gateway, gatewayUrl, adminKey, services, policies, wearers };
};
