import { createHash } from 'node:crypto';
import type { Place } from '../services/service.ts';
import type { Stack, TemplateResource } from './template.ts';

/** What `Ref` gives for a resource, and `Fn::GetAtt` for each attribute. */
export type Identity = { ref: string; attributes: Record<string, string> };

/** The first `length` lower-case letters and digits that only this resource has; the same at each start. */
const stableId = (stack: Stack, logicalId: string, length: number): string =>
  BigInt(`0x${createHash('sha256').update(`${stack.name}/${logicalId}`).digest('hex')}`)
    .toString(36)
    .slice(-length);

/** `WaitPlatformFunction33D790FD` -> `wait`: short, because function names stand in meters, logs and fault rules. */
const functionName = (logicalId: string): string =>
  logicalId
    .replace(/[0-9A-F]{8}$/, '')
    .replace(/(Platform|Function)+$/, '')
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-')
    .toLowerCase();

type Facts = {
  /** The name the template gives with a property, else one made of stack and logical id. */
  named: (property: string) => string;
  given: (property: string) => string | undefined;
  arn: (service: string, rest: string) => string;
  id: (length: number) => string;
  logicalId: string;
  place: Place;
  endpoint: string;
};

const queue = ({ named, arn, place, endpoint }: Facts): Identity => {
  const name = named('QueueName');
  const url = `${endpoint}/${place.accountId}/${name}`;
  return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
};

const bucket = ({ named, place }: Facts): Identity => {
  const name = named('BucketName').toLowerCase();
  const attributes = {
    Arn: `arn:aws:s3:::${name}`,
    DomainName: `${name}.s3.amazonaws.com`,
    RegionalDomainName: `${name}.s3.${place.region}.amazonaws.com`,
  };
  return { ref: name, attributes };
};

const lambdaFunction = ({ given, logicalId, arn }: Facts): Identity => {
  const name = given('FunctionName') ?? functionName(logicalId);
  return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
};

const functionUrl = ({ given, id, place }: Facts): Identity => {
  const target = given('TargetFunctionArn') ?? '';
  const url = `https://${id(32)}.lambda-url.${place.region}.on.aws/`;
  return { ref: target, attributes: { FunctionArn: target, FunctionUrl: url } };
};

const withArn =
  (service: string, prefix: string, property: string) =>
  (facts: Facts): Identity => {
    const name = facts.named(property);
    return { ref: name, attributes: { Arn: facts.arn(service, `${prefix}${name}`) } };
  };

const makers: Record<string, (facts: Facts) => Identity> = {
  'AWS::SQS::Queue': queue,
  'AWS::S3::Bucket': bucket,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Url': functionUrl,
  'AWS::DynamoDB::Table': (facts) => {
    const identity = withArn('dynamodb', 'table/', 'TableName')(facts);
    return {
      ...identity,
      attributes: { ...identity.attributes, StreamArn: `${identity.attributes.Arn}/stream/local` },
    };
  },
  'AWS::IAM::Role': (facts) => {
    const name = facts.named('RoleName');
    return {
      ref: name,
      attributes: { Arn: `arn:aws:iam::${facts.place.accountId}:role/${name}`, RoleId: facts.id(20) },
    };
  },
  'AWS::Logs::LogGroup': (facts) => {
    const name = facts.named('LogGroupName');
    return { ref: name, attributes: { Arn: facts.arn('logs', `log-group:${name}:*`) } };
  },
  'AWS::ECS::Cluster': withArn('ecs', 'cluster/', 'ClusterName'),
  'AWS::ECS::TaskDefinition': ({ named, arn }) => {
    const definition = arn('ecs', `task-definition/${named('Family')}:1`);
    return { ref: definition, attributes: { TaskDefinitionArn: definition } };
  },
  'AWS::Events::Rule': withArn('events', 'rule/', 'Name'),
  'AWS::EC2::VPC': ({ id }) => ({ ref: `vpc-${id(17)}`, attributes: { VpcId: `vpc-${id(17)}` } }),
  'AWS::EC2::Subnet': ({ id }) => ({ ref: `subnet-${id(17)}`, attributes: { SubnetId: `subnet-${id(17)}` } }),
  'AWS::EC2::SecurityGroup': ({ id }) => ({ ref: `sg-${id(17)}`, attributes: { GroupId: `sg-${id(17)}` } }),
  'AWS::Scheduler::ScheduleGroup': withArn('scheduler', 'schedule-group/', 'Name'),
  'AWS::Scheduler::Schedule': withArn('scheduler', 'schedule/default/', 'Name'),
  'AWS::SNS::Topic': ({ named, arn }) => {
    const topicArn = arn('sns', named('TopicName'));
    return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: named('TopicName') } };
  },
  'AWS::ApiGatewayV2::Api': ({ id, place }) => ({
    ref: id(10),
    attributes: { ApiId: id(10), ApiEndpoint: `https://${id(10)}.execute-api.${place.region}.amazonaws.com` },
  }),
  'AWS::CloudFront::Distribution': ({ id }) => ({
    ref: id(14).toUpperCase(),
    attributes: { Id: id(14).toUpperCase(), DomainName: `${id(14)}.cloudfront.net` },
  }),
};

/** What a resource is called here, from the template alone. Throws nothing: an attribute nobody knows is just absent. */
export const identities =
  (place: Place, endpoint: string) =>
  (
    stack: Stack,
    logicalId: string,
    resource: TemplateResource,
    given: (property: string) => string | undefined,
  ): Identity => {
    const facts: Facts = {
      named: (property) => given(property) ?? `${stack.name}-${logicalId}`,
      given,
      arn: (service, rest) => `arn:aws:${service}:${place.region}:${place.accountId}:${rest}`,
      id: (length) => stableId(stack, logicalId, length),
      logicalId,
      place,
      endpoint,
    };
    return (
      makers[resource.Type]?.(facts) ?? {
        ref: stableId(stack, logicalId, 20),
        attributes: { Id: stableId(stack, logicalId, 20) },
      }
    );
  };
