import { describe, expect, it } from 'vitest';
import { taskGroups } from '../../shared/model/env.ts';
import { Synthesized } from './synthesized.ts';

const GROUPS = [
  { name: 'default', tags: ['python3', 'bash', 'bun'] },
  { name: 'long', tags: ['long'], lane: 'fargate', vcpu: 2, memoryMb: 4096, timeLimitSeconds: 7200 },
  { name: 'spare', tags: ['spare'], lane: 'fargate', spot: true },
];
const cloud = new Synthesized({ workerGroups: GROUPS });
const task = cloud.one('AWS::ECS::TaskDefinition', 'FargateTasklong').Properties;
const groupsOf = (fn: string, of = cloud) =>
  taskGroups.TASK_GROUPS.parse(of.text(of.fn(fn).Properties.Environment.Variables.TASK_GROUPS));

describe('a task', () => {
  it('has no role, so that user code finds no credentials', () => {
    for (const { Properties } of cloud.all('AWS::ECS::TaskDefinition').values())
      expect(Properties.TaskRoleArn).toBeUndefined();
  });

  it('has the size of its group, on Fargate and arm64', () => {
    expect(task).toMatchObject({
      Cpu: '2048',
      Memory: '4096',
      RequiresCompatibilities: ['FARGATE'],
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  it('runs the second entry of the runner under an init, without powers that the runner does not need', () => {
    const [container] = task.ContainerDefinitions;
    expect(container).toMatchObject({
      Name: 'runner',
      EntryPoint: ['/var/lang/bin/node'],
      Command: ['/var/task/task.mjs'],
      LinuxParameters: { InitProcessEnabled: true },
      LogConfiguration: { LogDriver: 'awslogs', Options: { mode: 'non-blocking' } },
    });
    expect(container.LinuxParameters.Capabilities.Drop).toEqual(expect.arrayContaining(['NET_RAW', 'SETPCAP']));
    expect(container.Environment).toBeUndefined();
    expect(container.Secrets).toBeUndefined();
  });

  it('is prepared by a role that may fetch the image and write one log', () => {
    const [role] = [...cloud.policies()].find(([id]) => id.startsWith('FargateExecutionRole'))!;
    const statements = cloud.policies().get(role)!;
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    const wild = statements.filter(({ Resource }) => Resource.includes('*'));
    expect(wild.map(({ Action }) => Action)).toEqual([['ecr:GetAuthorizationToken']]);
  });
});

describe('the network', () => {
  it('costs nothing while no task runs', () => {
    for (const dear of ['AWS::EC2::NatGateway', 'AWS::EC2::VPCEndpoint', 'AWS::EC2::EIP', 'AWS::ECS::Service'])
      expect(cloud.all(dear).size, dear).toBe(0);
    expect(cloud.all('AWS::EC2::Subnet').size).toBe(2);
  });

  it('lets nothing in', () => {
    const [group] = [...cloud.all('AWS::EC2::SecurityGroup').values()];
    expect(group!.Properties.SecurityGroupIngress).toBeUndefined();
    expect(cloud.all('AWS::EC2::SecurityGroupIngress').size).toBe(0);
  });

  it('may be one that exists, by ids', () => {
    const network = { subnetIds: ['subnet-0a'], securityGroupIds: ['sg-0b'] };
    const given = new Synthesized({ workerGroups: GROUPS, network });
    expect(given.all('AWS::EC2::VPC').size).toBe(0);
    expect(groupsOf('GrouplongDispatch', given)[0]).toMatchObject({
      subnets: ['subnet-0a'],
      security_groups: ['sg-0b'],
      public_ip: false,
    });
  });
});

describe('groups', () => {
  it('tell every dispatch where tasks run, so that long jobs of all groups do', () => {
    const long = { name: 'long', tags: ['long'], public_ip: true, spot: false };
    const told = [long, { name: 'spare', tags: ['spare'], spot: true }];
    for (const fn of ['GroupdefaultDispatch', 'GrouplongDispatch']) expect(groupsOf(fn)).toMatchObject(told);
  });

  it('have a runner on Lambda only', () => {
    const runners = [...cloud.all('AWS::Lambda::Function').keys()].filter((id) => id.includes('Runner'));
    expect(runners).toEqual([expect.stringMatching(/^GroupdefaultRunner/)]);
    expect(cloud.fn('GrouplongDispatch').Properties.Environment.Variables.RUNNER_FUNCTION).toBe('none');
  });

  it('tell with each queue how its jobs run, and for how long', () => {
    const queues = JSON.parse(cloud.text(cloud.fn('WebhookFunction').Properties.Environment.Variables.QUEUES));
    const of = (tag: string) => queues.groups.find(({ tags }: { tags: object }) => tag in tags);
    expect(of('bash')).toMatchObject({ lane: 'lambda', longest_s: 7200 });
    expect(of('spare')).toMatchObject({ lane: 'fargate', longest_s: 86_400 });
  });
});

describe('rights', () => {
  it('let dispatch alone start tasks, of these definitions, in this cluster, under this role', () => {
    const starters = cloud.rolesThatMay('ecs:RunTask', /./);
    expect(starters).toEqual(['GroupdefaultDispatchRole', 'GrouplongDispatchRole', 'GroupspareDispatchRole']);
    expect(cloud.rolesThatMay('ecs:RunTask', /./, true)).toEqual([]);
    expect(cloud.rolesThatMay('iam:PassRole', /^FargateExecutionRole/)).toEqual(starters);
    expect(cloud.rolesThatMay('iam:PassRole', /^FargateExecutionRole/, true)).toEqual([]);
  });

  it('let frames alone read what a task is to run, and open masks but no secrets', () => {
    expect(cloud.rolesThatMay('s3:GetObject', /jobs\/\*\/request/)).toEqual(['FramesRole']);
    expect(cloud.rolesThatMay('s3:PutObject', /jobs\/\*\/request/)).toEqual(cloud.rolesThatMay('ecs:RunTask', /./));
    const [, rights] = [...cloud.policies()].find(([id]) => id.startsWith('FramesRole'))!;
    const decrypts = rights.filter(({ Action }) => Action.includes('kms:Decrypt'));
    expect(decrypts.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'kms:EncryptionContext:purpose': ['masks'] } },
    ]);
    expect(rights.flatMap(({ Action }) => Action)).not.toContain('secretsmanager:GetSecretValue');
  });
});

describe('the end of a task', () => {
  it('is told to taskend by a rule for this cluster only', () => {
    const [rule] = [...cloud.all('AWS::Events::Rule').values()];
    expect(rule!.Properties.EventPattern).toMatchObject({
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: { lastStatus: ['STOPPED'] },
    });
    expect(cloud.text(rule!.Properties.EventPattern.detail.clusterArn[0])).toMatch(/^FargateCluster\w*\.Arn$/);
    expect(cloud.text(rule!.Properties.Targets[0].Arn)).toMatch(/^TaskEndTaskend/);
    expect(cloud.rolesThatMay('lambda:InvokeFunction', /Runner/)).not.toContain('TaskEndTaskendRole');
  });
});

it('a deployment without such a group has nothing of all this', () => {
  const plain = new Synthesized();
  for (const type of ['AWS::ECS::Cluster', 'AWS::EC2::VPC', 'AWS::Events::Rule']) expect(plain.all(type).size).toBe(0);
  expect(plain.rolesThatMay('ecs:RunTask', /./)).toEqual([]);
});
