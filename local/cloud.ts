import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { runCustomResources } from './assembly/custom-resources.ts';
import { type Assembly, readAssembly } from './assembly/read-assembly.ts';
import { type Base, type CloudOptions, PLACE, ROOT, startBase } from './base.ts';
import type { Clock } from './clock.ts';
import { deliverEvent } from './deliver-event.ts';
import { type Deployed, deploy } from './deploy.ts';
import { FrontDoor } from './front-door/front-door.ts';
import type { Faults } from './gateway/faults.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Meter } from './gateway/meter.ts';
import type { FunctionDefinition } from './lambda/definitions.ts';
import { wholeBody } from './lambda/invoke-response.ts';
import type { LambdaService } from './lambda/lambda-service.ts';
import { QueueMapping } from './lambda/queue-mapping.ts';
import { StreamMapping } from './lambda/stream-mapping.ts';
import type { SchedulerService } from './services/scheduler/scheduler-service.ts';
import type { SqsService } from './services/sqs/sqs-service.ts';
import type { CloudServices } from './services-of-cloud.ts';
import { claimStateFolder, type Lock } from './state-folder.ts';
import { synthesize } from './synthesize.ts';
import { Teardown } from './teardown.ts';

export type { CloudOptions } from './base.ts';

/** A running local cloud. */
export type LocalCloud = {
  url: string;
  gatewayUrl: string;
  adminToken: string;
  /** Opens `/_millrace/**` of the gateway; also in `<home>/admin-key`. */
  adminKey: string;
  /** Advance it, and all that waits for a later time wakes. */
  clock: Clock;
  gateway: Gateway;
  meter: Meter;
  faults: Faults;
  services: CloudServices;
  sqs: SqsService;
  lambda: LambdaService;
  scheduler: SchedulerService;
  /** The physical name of the one function whose name is `word` or ends in `-<word>`. */
  functionNamed: (word: string) => string;
  /** Does now what a schedule of the template does every minute: invokes that function, and resolves at its end. */
  tick: (word: string) => Promise<void>;
  /** Ends everything within 3 s; a second call waits for the first. */
  stop: () => Promise<void>;
};

const EXPIRY_EVERY_MS = 60_000;

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

const assemblyOf = async (options: CloudOptions): Promise<Assembly> => {
  if (options.assemblyDir !== undefined) return readAssembly(options.assemblyDir);
  const outdir = join(ROOT, 'cdk.out');
  await synthesize(ROOT, outdir);
  return readAssembly(outdir);
};

const startEventSources = (
  { options, clock, gateway, services }: Base,
  deployed: Deployed,
  teardown: Teardown,
): void => {
  for (const definition of deployed.mappings) {
    const mapping = new QueueMapping(definition, {
      source: services.sqs,
      invoker: services.lambda,
      localConcurrency: options.workers ?? 4,
      meter: ({ operation }) => gateway.meter.count('event-sources', `sqs:${operation}`),
      ...(options.report === undefined ? {} : { report: options.report }),
    });
    mapping.start();
    const forget = clock.onAdvance((ms) => mapping.onAdvance(ms));
    teardown.add(() => {
      forget();
      return mapping.close();
    });
  }
  for (const definition of deployed.streams) {
    const mapping = new StreamMapping(definition, {
      source: services.dynamodb.stream(definition.tableName),
      invoker: services.lambda,
      checkpointFile: join(options.home, `stream-${definition.id}`),
      now: clock.now,
      send: (queue, body) => services.sqs.send(queue, { body }),
      ...(options.report === undefined ? {} : { report: options.report }),
    });
    mapping.start();
    teardown.add(() => mapping.close());
  }
  const sweep = (): void => {
    services.dynamodb
      .deleteExpired(clock.now())
      .catch((error: unknown) => options.report?.(`expiry: ${String(error)}`));
  };
  const expiry = setInterval(sweep, EXPIRY_EVERY_MS);
  const forget = clock.onAdvance(sweep);
  teardown.add(async () => {
    clearInterval(expiry);
    forget();
  });
  services.ecs.onEvent(deliverEvent(deployed.rules, services.lambda, (line) => options.report?.(line)));
  services.scheduler.start();
};

const invokeToEnd = async ({ lambda }: CloudServices, name: string, payload: string): Promise<void> => {
  const { failure } = await wholeBody(await lambda.invoke(name, Buffer.from(payload)), 1_000_000);
  if (failure !== undefined) throw new Error(failure.payload);
};

const tick = async (services: CloudServices, arn: string, name: string): Promise<void> => {
  const input = services.scheduler.inputFor(arn);
  if (input === undefined) throw new Error(`no schedule invokes ${name}`);
  await invokeToEnd(services, name, input);
};

const seed = async ({ options, gateway, gatewayUrl, services }: Base, deployed: Deployed): Promise<void> => {
  const codeOf = new Map(deployed.functions.map(({ name, codeDir }) => [name, basename(codeDir)]));
  await runCustomResources(deployed.deployment, {
    file: join(options.home, 'custom-resources.json'),
    saltOf: (name) => `${codeOf.get(name)} ${options.adminToken ?? ''}`,
    expectUpload: () => gateway.expectUpload(),
    gatewayUrl,
    invoke: (name, event) => invokeToEnd(services, name, JSON.stringify(event)),
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
  (word: string): FunctionDefinition => {
    const found = deployed.functions.filter(({ name }) => name === word || name.endsWith(`-${word}`));
    if (found.length === 1 && found[0] !== undefined) return found[0];
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
  const { clock, gateway, gatewayUrl, adminKey, services, policies, wearers } = base;
  const url = `http://localhost:${port}`;
  const deployed = await deploy({
    assembly,
    services,
    policies,
    place: PLACE,
    gatewayUrl,
    parameters: { BaseUrl: options.baseUrl ?? url },
    presetSecrets: options.adminToken === undefined ? {} : { AdminToken: options.adminToken },
  });
  for (const { roleName, name } of deployed.functions) wearers.set(roleName, name);
  const door = new FrontDoor({
    definition: deployed.frontDoor,
    invoker: services.lambda,
    s3: services.s3,
    place: PLACE,
    now: clock.now,
    ...(options.baseUrl === undefined ? {} : { hosts: [new URL(options.baseUrl).host] }),
    ...(options.report === undefined ? {} : { report: options.report }),
  });
  await door.listen(port);
  teardown.add(() => door.close());
  await seed(base, deployed);
  const functionOf = named(deployed);
  startEventSources(base, deployed, teardown);
  return {
    url,
    gatewayUrl,
    adminToken: adminTokenOf(deployed, services),
    adminKey,
    clock,
    gateway,
    meter: gateway.meter,
    faults: gateway.faults,
    services,
    sqs: services.sqs,
    lambda: services.lambda,
    scheduler: services.scheduler,
    functionNamed: (word) => functionOf(word).name,
    tick: (word) => tick(services, functionOf(word).arn, functionOf(word).name),
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
