import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { CorsHttpMethod, HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CORS_HEADERS } from './streaming-function.ts';

export type HttpEntryProps = {
  /** Path -> the function that answers every method of it; API Gateway takes the most specific path. */
  routes: { path: string; to: IFunction }[];
  logRetention: RetentionDays;
};

/** One line a request: no address, no header, no query, because a query may carry a token. */
const ACCESS_LOG = {
  time: '$context.requestTimeEpoch',
  id: '$context.requestId',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  error: '$context.integrationErrorMessage',
};

/** The HTTP API behind the front door. Tokens are checked by the functions, so no route has an authorizer. */
export class HttpEntry extends Construct {
  readonly api: HttpApi;
  readonly domain: string;

  constructor(scope: Construct, id: string, props: HttpEntryProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.api = new HttpApi(this, 'Api', {
      apiName: stack.stackName,
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: ['*'],
        allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.DELETE],
        allowHeaders: CORS_HEADERS,
        maxAge: Duration.hours(1),
      },
    });
    for (const { path, to } of props.routes) {
      this.api.addRoutes({
        path,
        methods: [HttpMethod.ANY],
        integration: new HttpLambdaIntegration(`To-${to.node.path}`, to, { scopePermissionToRoute: false }),
      });
    }
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.domain = `${this.api.apiId}.execute-api.${stack.region}.${stack.urlSuffix}`;
  }
}
