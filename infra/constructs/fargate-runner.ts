import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { CfnCluster, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TASK_CONTAINER } from '../../shared/model/task-group.ts';
import type { Config } from '../config.ts';
import type { FargateGroup } from '../worker-group-config.ts';
import { TaskNetwork } from './task-network.ts';

export type FargateRunnerProps = {
  groups: FargateGroup[];
  /** Folder with the Dockerfile and `app/`. */
  image: string;
  network: Config['network'];
  logRetention: RetentionDays;
};

/** What the runner needs of a root user's powers: to become another user for its job, and to clean up after it. */
const DROPPED = ['AUDIT_WRITE', 'FSETID', 'MKNOD', 'NET_BIND_SERVICE', 'NET_RAW', 'SETFCAP', 'SETPCAP', 'SYS_CHROOT'];

/**
 * Where jobs are tasks of their own. Nothing of it costs while none runs. The tasks have no role at all, so there are no
 * credentials that user code could find; ECS itself wears the execution role, to fetch the image and to write the
 * runner's own log.
 */
export class FargateRunner extends Construct {
  readonly cluster: CfnCluster;
  readonly network: TaskNetwork;
  readonly executionRole: Role;
  /** By the names of the groups. */
  readonly taskDefinitions: Map<string, CfnTaskDefinition>;

  constructor(scope: Construct, id: string, props: FargateRunnerProps) {
    super(scope, id);
    this.cluster = new CfnCluster(this, 'Cluster', { capacityProviders: ['FARGATE', 'FARGATE_SPOT'] });
    this.network = new TaskNetwork(this, 'Network', props.network);
    const image = new DockerImageAsset(this, 'Image', { directory: props.image, platform: Platform.LINUX_ARM64 });
    const log = new LogGroup(this, 'Log', { retention: props.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    this.executionRole = this.#executionRole(image, log);
    this.taskDefinitions = new Map(
      props.groups.map((group) => [group.name, this.#taskDefinition(group, image.imageUri, log)]),
    );
  }

  #executionRole(image: DockerImageAsset, log: LogGroup): Role {
    const role = new Role(this, 'ExecutionRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'Worn by ECS to start tasks; the tasks themselves have no role',
    });
    role.addToPolicy(new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [image.repository.repositoryArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] }),
    );
    return role;
  }

  #taskDefinition(group: FargateGroup, image: string, log: LogGroup): CfnTaskDefinition {
    return new CfnTaskDefinition(this, `Task-${group.name}`, {
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: String(group.vcpu * 1024),
      memory: String(group.memoryMb),
      runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
      executionRoleArn: this.executionRole.roleArn,
      containerDefinitions: [
        {
          name: TASK_CONTAINER,
          image,
          essential: true,
          entryPoint: ['/var/lang/bin/node'],
          command: ['/var/task/task.mjs'],
          stopTimeout: 10,
          linuxParameters: { initProcessEnabled: true, capabilities: { drop: DROPPED } },
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': log.logGroupName,
              'awslogs-region': Stack.of(this).region,
              'awslogs-stream-prefix': group.name,
              mode: 'non-blocking',
            },
          },
        },
      ],
    });
  }
}
