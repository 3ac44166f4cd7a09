import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal, PolicyStatement as Statement } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  type RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { environmentFits } from './environment-size.ts';

export type PlatformFunctionProps<Env extends Record<string, string>> = {
  /** Folder of the bundled code; its `index.mjs` exports `handler`. */
  code: string;
  /** Exactly what the function's env.ts asks for. */
  environment: Env;
  timeoutSeconds: number;
  memoryMb: number;
  logRetention: RetentionDays;
  /** Everything the function may do besides writing its own log. */
  rights: PolicyStatement[];
  reservedConcurrency?: number;
  recursiveLoop?: RecursiveLoop;
};

/**
 * One of our own functions: Node 24 on arm64, a role of its own that holds the listed rights and nothing else, a log
 * group of its own that ends with the stack. No managed policy, no tracing.
 */
export class PlatformFunction<Env extends Record<string, string>> extends Construct {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, props: PlatformFunctionProps<Env>) {
    super(scope, id);
    this.node.addValidation(environmentFits(this, props.environment));
    const logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(
      new Statement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
    );
    for (const right of props.rights) role.addToPolicy(right);
    this.fn = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.code),
      role,
      environment: props.environment,
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMb,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.recursiveLoop === undefined ? {} : { recursiveLoop: props.recursiveLoop }),
    });
  }
}
