import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { runCustomResources } from './assembly/custom-resources.ts';
import { type Assembly, readAssembly } from './assembly/read-assembly.ts';
import { type Deployed, deploy } from './deploy.ts';
import { FrontDoor } from './front-door/front-door.ts';
import { Credentials } from './gateway/credentials.ts';
import type { Faults } from './gateway/faults.ts';
import type { Forward } from './gateway/forward.ts';
import { Gateway } from './gateway/gateway.ts';
import type { Meter } from './gateway/meter.ts';
import { Policies } from './iam/policies.ts';
import { imagePath } from './image-path.ts';
import { wholeBody } from './lambda/invoke-response.ts';
import type { LambdaService } from './lambda/lambda-service.ts';
import { QueueMapping } from './lambda/queue-mapping.ts';
import type { StreamingLimits } from './lambda/streaming-limits.ts';
import type { SchedulerService } from './services/scheduler/scheduler-service.ts';
import type { Place, Service } from './services/service.ts';
import type { SqsService } from './services/sqs/sqs-service.ts';
import { type CloudServices, closeServices, startServices } from './services-of-cloud.ts';
import { claimStateFolder, type Lock } from './state-folder.ts';
import { synthesize } from './synthesize.ts';

export type CloudOptions = {
  /** State folder; made when it is missing. */
  home: string;
  /** Port of the front door on 127.0.0.1; 0 takes a free one. */
  port: number;
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
  /** Services that something else answers. */
  forwards?: Record<string, Forward>;
  /** One line about something that went wrong. */
  report?: (line: string) => void;
};

/** A running local cloud. */
export type LocalCloud = {
  url: string;
  gatewayUrl: string;
  adminToken: string;
  /** Opens `/_millrace/**` of the gateway; also in `<home>/admin-key`. */
  adminKey: string;
  gateway: Gateway;
  meter: Meter;
  faults: Faults;
  services: CloudServices;
  sqs: SqsService;
  lambda: LambdaService;
  scheduler: SchedulerService;
  /** The physical name of the one function whose name is `word` or ends in `-<word>`. */
  functionNamed: (word: string) => string;
  /** Ends everything within 3 s; a second call waits for the first. */
  stop: () => Promise<void>;
};

const PLACE: Place = { accountId: '000000000000', region: 'us-east-1' };
const EXPIRY_EVERY_MS = 60_000;
const ROOT = dirname(import.meta.dirname);

/** The port itself when nothing listens there, or a free one for 0. */
const freePort = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () =>
      reject(new Error(`port ${port} is in use: set PORT to a free one (PORT=8081 npm start)`)),
    );
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });

const keyIn = (file: string): string => {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
};

const assemblyOf = async (options: CloudOptions): Promise<Assembly> => {
  if (options.assemblyDir !== undefined) return readAssembly(options.assemblyDir);
  const outdir = join(ROOT, 'cdk.out');
  await synthesize(ROOT, outdir);
  return readAssembly(outdir);
};

/** Things to undo, newest first. */
class Teardown {
  readonly #steps: (() => Promise<unknown> | undefined)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => Promise<unknown> | undefined): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    for (const step of this.#steps.reverse()) await step();
  }
}

type Base = {
  options: CloudOptions;
  gateway: Gateway;
  gatewayUrl: string;
  adminKey: string;
  services: CloudServices;
  policies: Policies;
  wearers: Map<string, string>;
};

const startBase = async (options: CloudOptions, teardown: Teardown): Promise<Base> => {
  const report = options.report ?? (() => {});
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
    now: Date.now,
    rightToLearnAbsence: (call) => services?.s3.permissionToLearnAbsence(call),
    killFunction: (name) => void services?.lambda.killEnvironment(name),
    onError: (error, what) =>
      report(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
  const gatewayUrl = await gateway.listen(0);
  teardown.add(() => gateway.close());
  services = await startServices({
    stateDir: options.home,
    place: PLACE,
    gateway,
    gatewayUrl,
    policies,
    credentials,
    wearerOf: (roleName) => wearers.get(roleName) ?? roleName,
    // biome-ignore lint/style/noProcessEnv: the interpreters are found where this process finds them
    imagePath: options.imagePath ?? imagePath(ROOT, process.env.PATH ?? ''),
    ...(options.streamingLimits === undefined ? {} : { streamingLimits: options.streamingLimits }),
    report,
  });
  const { dynamodb, sqs, s3, secrets, scheduler, lambda } = services;
  teardown.add(() => closeServices({ dynamodb, sqs, s3, secrets, scheduler, lambda }));
  Object.assign(running, { dynamodb, sqs, s3, secretsmanager: secrets, scheduler, lambda });
  lambda.onInvoke(({ functionName, cold, error, durationMs }) =>
    gateway.meter.countInvocation(functionName, { cold, failed: error !== undefined, durationMs }),
  );
  return { options, gateway, gatewayUrl, adminKey, services, policies, wearers };
};

const startEventSources = ({ options, gateway, services }: Base, deployed: Deployed, teardown: Teardown): void => {
  for (const definition of deployed.mappings) {
    const mapping = new QueueMapping(definition, {
      source: services.sqs,
      invoker: services.lambda,
      localConcurrency: options.workers ?? 4,
      meter: ({ operation }) => gateway.meter.count('event-sources', `sqs:${operation}`),
      ...(options.report === undefined ? {} : { report: options.report }),
    });
    mapping.start();
    teardown.add(() => mapping.close());
  }
  const expiry = setInterval(() => {
    services.dynamodb.deleteExpired(Date.now()).catch((error: unknown) => options.report?.(`expiry: ${String(error)}`));
  }, EXPIRY_EVERY_MS);
  teardown.add(async () => clearInterval(expiry));
  services.scheduler.start();
};

const seed = async ({ options, gateway, gatewayUrl, services }: Base, deployed: Deployed): Promise<void> => {
  const codeOf = new Map(deployed.functions.map(({ name, codeDir }) => [name, basename(codeDir)]));
  await runCustomResources(deployed.deployment, {
    file: join(options.home, 'custom-resources.json'),
    saltOf: (name) => `${codeOf.get(name)} ${options.adminToken ?? ''}`,
    expectUpload: () => gateway.expectUpload(),
    gatewayUrl,
    invoke: async (name, event) => {
      const { failure } = await wholeBody(
        await services.lambda.invoke(name, Buffer.from(JSON.stringify(event))),
        1_000_000,
      );
      if (failure !== undefined) throw new Error(failure.payload);
    },
  });
};

const adminTokenOf = ({ deployment }: Deployed, services: CloudServices): string => {
  const secret = deployment
    .of('AWS::SecretsManager::Secret')
    .find(({ logicalId }) => logicalId.startsWith('AdminToken'));
  return secret === undefined ? '' : services.secrets.value(secret.identity.ref);
};

const named =
  (deployed: Deployed) =>
  (word: string): string => {
    const found = deployed.functions.filter(({ name }) => name === word || name.endsWith(`-${word}`));
    if (found.length === 1 && found[0] !== undefined) return found[0].name;
    throw new Error(
      `${found.length} functions are named ${word}: ${deployed.functions.map(({ name }) => name).join(', ')}`,
    );
  };

const start = async (options: CloudOptions, teardown: Teardown): Promise<LocalCloud> => {
  const lock: Lock = claimStateFolder(options.home);
  teardown.add(async () => lock.release());
  const port = await freePort(options.port);
  mkdirSync(join(options.home, 'logs'), { recursive: true, mode: 0o700 });
  const assembly = await assemblyOf(options);
  const base = await startBase(options, teardown);
  const { gateway, gatewayUrl, adminKey, services, policies, wearers } = base;
  const url = `http://localhost:${port}`;
  const deployed = await deploy({
    assembly,
    services,
    policies,
    place: PLACE,
    gatewayUrl,
    parameters: { BaseUrl: url },
    presetSecrets: options.adminToken === undefined ? {} : { AdminToken: options.adminToken },
  });
  for (const { roleName, name } of deployed.functions) wearers.set(roleName, name);
  const door = new FrontDoor({
    definition: deployed.frontDoor,
    invoker: services.lambda,
    s3: services.s3,
    place: PLACE,
    now: Date.now,
    ...(options.report === undefined ? {} : { report: options.report }),
  });
  await door.listen(port);
  teardown.add(() => door.close());
  await seed(base, deployed);
  startEventSources(base, deployed, teardown);
  return {
    url,
    gatewayUrl,
    adminToken: adminTokenOf(deployed, services),
    adminKey,
    gateway,
    meter: gateway.meter,
    faults: gateway.faults,
    services,
    sqs: services.sqs,
    lambda: services.lambda,
    scheduler: services.scheduler,
    functionNamed: named(deployed),
    stop: () => teardown.run(),
  };
};

/**
 * Starts the local cloud: what `cdk deploy` builds, on this machine, from the same assembly. Resolves when it is ready.
 * When it cannot start, everything begun is ended again and the reason thrown.
 */
export const startLocalCloud = async (options: CloudOptions): Promise<LocalCloud> => {
  const teardown = new Teardown();
  try {
    return await start(options, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
};
