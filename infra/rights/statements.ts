import { Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { KeyPurpose } from '../../shared/model/key-purpose.ts';
import type { TaskLane } from './room.ts';

const dynamo = (resources: string[], ...operations: string[]): PolicyStatement =>
  new PolicyStatement({ actions: operations.map((operation) => `dynamodb:${operation}`), resources });

/** Exactly these operations on the table itself, not on its indexes. A transaction needs those of its parts. */
export const onTable = (table: Table, ...operations: string[]): PolicyStatement =>
  dynamo([table.tableArn], ...operations);

/**
 * Adds lines to the audit log of any workspace, which are the partitions `<workspace>#audit`, and writes nothing else in
 * the catalog. IAM cannot tell a new line from one written over: that the ids differ is what keeps them.
 */
export const appendAudit = (catalog: Table): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:PutItem'],
    resources: [catalog.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*#audit'] } },
  });

/** Puts schedules back with their next tick and how their runs ended, and nothing else of the catalog. */
export const moveTicks = (catalog: Table): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:PutItem'],
    resources: [catalog.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*#schedules'] } },
  });

/** Writes what dependencies jobs came to, and nothing of the versions that they were for. */
export const keepLocks = (catalog: Table): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:PutItem'],
    resources: [catalog.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*#locks'] } },
  });

/** Queries of these indexes, named one by one. */
export const onIndexes = (table: Table, indexes: readonly string[]): PolicyStatement =>
  dynamo(
    indexes.map((index) => `${table.tableArn}/index/${index}`),
    'Query',
  );

/** What lies under `jobs/<workspace>/<job>/` in the payload bucket; a right names the folders it is for. */
export type PayloadFolder = 'args' | 'code' | 'result' | 'log' | 'request';

/** Reads or writes single objects under these folders. Not listing: a missing object reads as 403, not as 404. */
export const onObjects = (
  bucket: Bucket,
  operation: 'GetObject' | 'PutObject' | 'DeleteObject' | 'PutObjectTagging',
  ...folders: PayloadFolder[]
): PolicyStatement =>
  new PolicyStatement({
    actions: [`s3:${operation}`],
    resources: folders.map((folder) => bucket.arnForObjects(`jobs/*/${folder}/*`)),
  });

/** Archives of packages, one by one and never listed. What may put one may not replace it: the bucket refuses that. */
export const onPackages = (
  bucket: Bucket,
  ...operations: ('GetObject' | 'PutObject' | 'DeleteObject')[]
): PolicyStatement =>
  new PolicyStatement({
    actions: operations.map((operation) => `s3:${operation}`),
    resources: [bucket.arnForObjects('packages/*')],
  });

/** Lists the objects of jobs, and no others. */
export const listJobObjects = (bucket: Bucket): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': 'jobs/*' } },
  });

/** Writes archived jobs, and looks whether one is there. */
export const onArchive = (bucket: Bucket): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: [bucket.arnForObjects('archive/*')] });

/** What an event source mapping does in its function's name. */
export const readStream = (table: Table): PolicyStatement => {
  const { tableStreamArn } = table;
  if (tableStreamArn === undefined) throw new Error('the table has no stream');
  return dynamo([tableStreamArn], 'DescribeStream', 'GetShardIterator', 'GetRecords', 'ListStreams');
};

/** Writes how far a walk over all jobs has come, and no job. */
export const onCursors = (table: Table): PolicyStatement => {
  const statement = dynamo([table.tableArn], 'GetItem', 'PutItem', 'DeleteItem');
  statement.addConditions({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['upkeep'] } });
  return statement;
};

/** Sends to these queues. */
export const sendTo = (queues: IQueue[]): PolicyStatement =>
  new PolicyStatement({ actions: ['sqs:SendMessage'], resources: queues.map((queue) => queue.queueArn) });

/** Asks how many messages wait. */
export const measure = (queues: IQueue[]): PolicyStatement =>
  new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: queues.map((queue) => queue.queueArn) });

/** What an event source mapping does in its function's name, and what a function does with a message it holds. */
export const consume = (queues: IQueue[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    resources: queues.map((queue) => queue.queueArn),
  });

/** Reads the value of these secrets. */
export const readSecrets = (...secrets: Secret[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: secrets.map((secret) => secret.secretArn),
  });

/** Works on data keys of these purposes; one that was made for another, or for none, is refused by KMS. */
export const onKey = (
  key: IKey,
  purposes: KeyPurpose[],
  ...operations: ('GenerateDataKey' | 'Decrypt')[]
): PolicyStatement =>
  new PolicyStatement({
    actions: operations.map((operation) => `kms:${operation}`),
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:EncryptionContext:purpose': purposes } },
  });

/** Invokes this function without a qualifier; covers `InvokeWithResponseStream`, which AWS authorises by the same action. */
export const invoke = (target: IFunction): PolicyStatement =>
  new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] });

/** Starts tasks of these definitions in this cluster, which ECS prepares with this role and no other. */
export const startTasks = ({ cluster, taskDefinitions, executionRole }: TaskLane): PolicyStatement[] => [
  new PolicyStatement({
    actions: ['ecs:RunTask'],
    resources: taskDefinitions.map((definition) => definition.ref),
    conditions: { ArnEquals: { 'ecs:cluster': cluster.attrArn } },
  }),
  new PolicyStatement({
    actions: ['iam:PassRole'],
    resources: [executionRole.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  }),
];

/** One-shot schedules of one group, which send with `sender` and nothing else. */
export const onSchedules = (
  group: { name: string; sender: IRole },
  ...operations: ('CreateSchedule' | 'GetSchedule' | 'DeleteSchedule')[]
): PolicyStatement[] => [
  new PolicyStatement({
    actions: operations.map((operation) => `scheduler:${operation}`),
    resources: [
      Stack.of(group.sender).formatArn({ service: 'scheduler', resource: 'schedule', resourceName: `${group.name}/*` }),
    ],
  }),
  ...(operations.includes('CreateSchedule')
    ? [
        new PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [group.sender.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
        }),
      ]
    : []),
];
