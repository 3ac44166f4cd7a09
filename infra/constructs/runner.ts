import { Duration } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, DockerImageCode, DockerImageFunction, TenancyConfig } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export type RunnerProps = {
  /** Folder with the Dockerfile and `app/`. */
  image: string;
  memoryMb: number;
  timeoutSeconds: number;
  reservedConcurrency: number;
};

/**
 * Where user code runs. Its role allows nothing at all, not even logging, because user code can read the credentials of
 * its environment; Lambda gives each tenant environments of its own. It has no URL and no event source (a
 * tenant-isolated function cannot have them), and no environment variables. Nothing may be added to its role.
 */
export class Runner extends Construct {
  readonly fn: DockerImageFunction;

  constructor(scope: Construct, id: string, props: RunnerProps) {
    super(scope, id);
    this.fn = new DockerImageFunction(this, 'Function', {
      code: DockerImageCode.fromImageAsset(props.image, { cmd: ['index.handler'], platform: Platform.LINUX_ARM64 }),
      architecture: Architecture.ARM_64,
      role: new Role(this, 'Role', {
        assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
        description: 'Allows nothing: user code can read the credentials of the function that runs it',
      }),
      tenancyConfig: TenancyConfig.PER_TENANT,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      reservedConcurrentExecutions: props.reservedConcurrency,
    });
  }
}
