import { dirname, join } from 'node:path';
import type { Clock } from './clock.ts';
import { deliverSchedule } from './deliver-schedule.ts';
import type { Credentials } from './gateway/credentials.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Policies } from './iam/policies.ts';
import { type Confinement, findConfinement } from './lambda/confinement.ts';
import { LambdaService } from './lambda/lambda-service.ts';
import type { StreamingLimits } from './lambda/streaming-limits.ts';
import { DynamoDbService } from './services/dynamodb/dynamodb-service.ts';
import { EcsService } from './services/ecs/ecs-service.ts';
import { KmsService } from './services/kms/kms-service.ts';
import { S3Service } from './services/s3/s3-service.ts';
import { SchedulerService } from './services/scheduler/scheduler-service.ts';
import { SecretsManagerService } from './services/secrets-manager/secrets-manager-service.ts';
import type { Place } from './services/service.ts';
import { SqsService } from './services/sqs/sqs-service.ts';

const ROOT = dirname(import.meta.dirname);

export type CloudServices = {
  dynamodb: DynamoDbService;
  sqs: SqsService;
  s3: S3Service;
  secrets: SecretsManagerService;
  kms: KmsService;
  scheduler: SchedulerService;
  lambda: LambdaService;
  ecs: EcsService;
};

export type CloudServicesConfig = {
  stateDir: string;
  place: Place;
  clock: Clock;
  gateway: Gateway;
  gatewayUrl: string;
  policies: Policies;
  credentials: Credentials;
  /** The function that wears a role, for credentials and their sessions' names. */
  wearerOf: (roleName: string) => string;
  imagePath: string;
  /** Shut user code in where the machine can. */
  confine: boolean;
  /** Folders of this machine that scripts may read and write. */
  share: string[];
  streamingLimits?: StreamingLimits | null;
  report: (line: string) => void;
};

/** Where there are no namespaces, user code runs as a process like any other, and the owner of the machine is told. */
const tryConfinement = async ({
  stateDir,
  imagePath,
  share,
  report,
}: CloudServicesConfig): Promise<Confinement | undefined> => {
  // biome-ignore lint/style/noProcessEnv: the home that is hidden is that of this process
  const home = process.env.HOME;
  const found = await findConfinement({ root: ROOT, stateDir, imagePath, share, home, node: process.execPath });
  if (typeof found !== 'string') return found;
  report(`user code is not shut in here (docs/security.md): ${found}`);
  return undefined;
};

/** Starts every service on its part of the state folder; none holds a resource of the template yet. */
export const startServices = async (config: CloudServicesConfig): Promise<CloudServices> => {
  const { stateDir, place, clock, gateway, gatewayUrl, policies, credentials, report } = config;
  const file = (name: string): string => join(stateDir, name);
  const confinement = config.confine ? await tryConfinement(config) : undefined;
  const lambda = new LambdaService(
    {
      ...(confinement === undefined ? {} : { confinement }),
      place,
      clock,
      stateDir,
      endpointUrl: () => gatewayUrl,
      credentialsFor: (roleName, environment) =>
        credentials.issue({ roleName, functionName: config.wearerOf(roleName), environment }),
      imagePath: config.imagePath,
      ...(config.streamingLimits === undefined ? {} : { streamingLimits: config.streamingLimits }),
    },
    report,
  );
  const dynamodb = await DynamoDbService.start({
    folder: file('dynamodb'),
    place,
    ...(confinement === undefined ? {} : { hideWith: confinement.python }),
  });
  const sqs = new SqsService({ file: file('sqs.db'), place, endpoint: gatewayUrl, now: clock.now });
  clock.onAdvance(() => sqs.wake());
  const meter = (operation: string): void => gateway.meter.count('event-sources', operation);
  const scheduler = new SchedulerService({
    file: file('scheduler.db'),
    place,
    now: clock.now,
    deliver: deliverSchedule({ policies, place, lambda, sqs, meter }),
    wait: (ms) => clock.sleep(ms),
    onLost: (arn, error) => report(`schedule ${arn} was lost: ${String(error)}`),
  });
  clock.onAdvance(() => scheduler.wake());
  return {
    dynamodb,
    sqs,
    lambda,
    s3: new S3Service({ folder: file('s3'), now: clock.now }),
    secrets: new SecretsManagerService({ file: file('secrets.db'), place, now: clock.now }),
    kms: new KmsService({ file: file('keys.db'), place, now: clock.now }),
    scheduler,
    ecs: new EcsService({
      stateDir,
      place,
      clock,
      imagePath: config.imagePath,
      ...(confinement === undefined ? {} : { confinement }),
    }),
  };
};

/** Closes all of them, tasks and functions first, because they call the others. */
export const closeServices = async (services: CloudServices): Promise<void> => {
  await Promise.all([services.ecs.close(), services.lambda.close()]);
  await services.scheduler.close();
  const { sqs, s3, secrets, kms, dynamodb } = services;
  await Promise.all([sqs, s3, secrets, kms, dynamodb].map((service) => service.close()));
};
