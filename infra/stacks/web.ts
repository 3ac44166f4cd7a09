import {
  CfnCondition,
  CfnOutput,
  CfnParameter,
  CustomResource,
  Duration,
  Fn,
  RemovalPolicy,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { IFunction, IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Env as SeedEnv } from '../../functions/seed/env.ts';
import type { Assets } from '../build/assets.ts';
import type { Config } from '../config.ts';
import { FrontDoor } from '../constructs/front-door.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { seedRights } from '../rights/roles.ts';
import type { Stores } from '../rights/room.ts';

const SEED_TIMEOUT_S = 60;

export type WebProps = StackProps & {
  config: Config;
  assets: Assets;
  stores: Stores;
  secrets: { adminToken: Secret; signingSecret: Secret; origin: Secret };
  origins: { wait: IFunctionUrl; stream: IFunctionUrl; httpApiDomain: string };
};

/** The front door and its pages, and the first entries of the catalog, which can be written only once its address is known. */
export class WebStack extends Stack {
  readonly seed: IFunction;

  constructor(scope: Construct, id: string, props: WebProps) {
    super(scope, id, { ...props, description: 'Millrace: the front door' });
    const { config, stores, secrets } = props;
    const pages = new PrivateBucket(this, 'Pages', { removal: RemovalPolicy.DESTROY }).bucket;
    const { distribution } = new FrontDoor(this, 'FrontDoor', {
      ...props.origins,
      pages,
      originSecret: secrets.origin,
      config,
    });
    const baseUrl = this.#baseUrl(`https://${config.domain?.name ?? distribution.distributionDomainName}`);
    const environment: SeedEnv = {
      CATALOG_TABLE: stores.catalog.tableName,
      ADMIN_TOKEN_SECRET_ARN: secrets.adminToken.secretArn,
      SIGNING_SECRET_ARN: secrets.signingSecret.secretArn,
    };
    this.seed = new PlatformFunction(this, 'Seed', {
      code: props.assets.zip('seed'),
      environment,
      timeoutSeconds: SEED_TIMEOUT_S,
      memoryMb: 256,
      logRetention: config.logRetentionDays,
      rights: seedRights(stores, secrets),
    }).fn;
    new CustomResource(this, 'FirstEntries', {
      resourceType: 'Custom::MillraceSeed',
      serviceToken: this.seed.functionArn,
      serviceTimeout: Duration.seconds(SEED_TIMEOUT_S * 2),
      properties: { BaseUrl: baseUrl },
    });
    new CfnOutput(this, 'Url', { value: baseUrl, description: 'Where Millrace is' });
    new CfnOutput(this, 'AdminTokenSecret', {
      value: secrets.adminToken.secretArn,
      description: 'The secret that holds the first admin token',
    });
  }

  /** The address jobs and answers name. The parameter is for an address that is not this distribution's own: a proxy, one machine. */
  #baseUrl(own: string): string {
    const given = new CfnParameter(this, 'BaseUrl', {
      type: 'String',
      default: '',
      description: 'Address people use, without a trailing slash; empty: the address of the distribution',
    });
    const isGiven = new CfnCondition(this, 'BaseUrlGiven', {
      expression: Fn.conditionNot(Fn.conditionEquals(given.valueAsString, '')),
    });
    return Fn.conditionIf(isGiven.logicalId, given.valueAsString, own).toString();
  }
}
