import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { IFunction, IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Env as ApiEnv } from '../../functions/api/env.ts';
import type { Env as FramesEnv } from '../../functions/frames/env.ts';
import type { Env as StreamEnv } from '../../functions/stream/env.ts';
import type { Env as WaitEnv } from '../../functions/wait/env.ts';
import type { Env as WebhookEnv } from '../../functions/webhook/env.ts';
import type { Assets } from '../build/assets.ts';
import type { Config } from '../config.ts';
import { GeneratedSecret } from '../constructs/generated-secret.ts';
import { HttpEntry } from '../constructs/http-entry.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { StreamingFunction } from '../constructs/streaming-function.ts';
import { LANE_TIMEOUT_S } from '../constructs/worker-group.ts';
import { packagesEnv, queuesEnv, schedulesEnv, secretsEnv, storesEnv, workerGroupsEnv } from '../environment.ts';
import { apiRights, framesRights, streamRights, waitRights, webhookRights } from '../rights/roles.ts';
import type { Lane, Sending, Stores } from '../rights/room.ts';

/** API Gateway gives up after 30 s; a function that ends a second earlier can still say why. */
const HTTP_TIMEOUT_S = 29;
const STREAM_TIMEOUT_S = 120;

export type ApiProps = StackProps & { config: Config; assets: Assets; stores: Stores; sending: Sending; lane: Lane };

/** The functions that answer HTTP, behind two streaming URLs and one HTTP API that all demand the origin secret. */
export class ApiStack extends Stack {
  readonly originSecret: Secret;
  readonly http: HttpEntry;
  readonly waitUrl: IFunctionUrl;
  readonly streamUrl: IFunctionUrl;
  readonly functions: { webhook: IFunction; api: IFunction; frames: IFunction; wait: IFunction; stream: IFunction };

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id, { ...props, description: 'Millrace: the HTTP API' });
    const { config, assets, stores, sending, lane } = props;
    const logRetention = config.logRetentionDays;
    const origin = this.#originSecrets(config);
    this.originSecret = origin.current;

    const common = { ...storesEnv(stores), ...origin.env };
    const starting = { ...common, ...queuesEnv(this, sending), ...schedulesEnv(sending) };
    const http = { timeoutSeconds: HTTP_TIMEOUT_S, memoryMb: 512, logRetention };

    const webhook = new PlatformFunction<WebhookEnv>(this, 'Webhook', {
      ...http,
      code: assets.zip('webhook'),
      environment: starting,
      rights: webhookRights(stores, sending),
    }).fn;
    const api = new PlatformFunction<ApiEnv>(this, 'Api', {
      ...http,
      code: assets.zip('api'),
      environment: { ...starting, ...secretsEnv(stores), ...workerGroupsEnv(config) },
      rights: apiRights(stores, sending),
    }).fn;
    const frames = new PlatformFunction<FramesEnv>(this, 'Frames', {
      ...http,
      memoryMb: 256,
      code: assets.zip('frames'),
      environment: { ...common, ...secretsEnv(stores), ...packagesEnv(stores), ...queuesEnv(this, sending) },
      rights: framesRights(
        stores,
        sending,
        config.workerGroups.some((group) => group.lane === 'fargate'),
      ),
    }).fn;
    const wait = new StreamingFunction<WaitEnv>(this, 'Wait', {
      code: assets.zip('wait'),
      environment: {
        ...starting,
        ...secretsEnv(stores),
        ...packagesEnv(stores),
        RUNNER_FUNCTION: lane.runner.functionName,
        SIGNING_SECRET_ARN: lane.signingSecret.secretArn,
      },
      timeoutSeconds: LANE_TIMEOUT_S,
      memoryMb: 512,
      logRetention,
      rights: waitRights(stores, sending, lane),
      reservedConcurrency: config.waitConcurrency,
      openToPages: true,
    });
    const stream = new StreamingFunction<StreamEnv>(this, 'Stream', {
      code: assets.zip('stream'),
      environment: common,
      timeoutSeconds: STREAM_TIMEOUT_S,
      memoryMb: 512,
      logRetention,
      rights: streamRights(stores),
    });
    this.waitUrl = wait.url;
    this.streamUrl = stream.url;
    this.functions = { webhook, api, frames, wait: wait.fn, stream: stream.fn };
    this.http = new HttpEntry(this, 'Http', {
      logRetention,
      routes: [
        { path: '/api/w/{ws}/jobs/run/{proxy+}', to: webhook },
        { path: '/api/frames/{proxy+}', to: frames },
        { path: '/api/{proxy+}', to: api },
      ],
    });
  }

  /**
   * The secret that CloudFront sends and the functions demand. It lives here and not with the data so that replacing it
   * never removes an export that a stack deployed later still imports.
   */
  #originSecrets(config: Config): { current: Secret; env: { ORIGIN_SECRETS: string } } {
    const { generation, acceptPrevious } = config.originSecret;
    const secret = (number: number): Secret =>
      new GeneratedSecret(this, `OriginSecret${number}`, {
        description: 'What the front door says to prove that a request came through it',
        removal: RemovalPolicy.DESTROY,
      }).secret;
    const current = secret(generation);
    const accepted = [current, ...(acceptPrevious && generation > 1 ? [secret(generation - 1)] : [])];
    for (const each of accepted) this.exportValue(each.secretArn);
    const values = accepted.map((each) => each.secretValue.unsafeUnwrap());
    return { current, env: { ORIGIN_SECRETS: values.join(',') } };
  }
}
