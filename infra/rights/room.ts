import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnCluster, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** Where data lies, and the key that secrets in it are under. */
export type Stores = { jobs: Table; catalog: Table; payload: Bucket; packages: Bucket; secretsKey: IKey };

/** The queues of one tag: its own, and its group's for jobs with a priority. */
type TagQueues = { queue: IQueue; priority: IQueue; lane: 'lambda' | 'fargate'; longestSeconds: number };

/** What starting a job needs besides the stores: every queue, and the room for schedules of far-away jobs. */
export type Sending = {
  /** The queues that jobs of a tag go by. */
  tags: Map<string, TagQueues>;
  /** Each queue by its name: a tag, or `<group> priority`. */
  queues: Map<string, IQueue>;
  schedules: { name: string; sender: IRole; deadLetters: IQueue };
};

/** The Lambda lane of a worker group: what runs user code, and the key that signs its tokens. */
export type Lane = { runner: IFunction; signingSecret: Secret };

/** What starting tasks takes: the cluster, what may run in it, and the role that ECS wears for it. */
export type TaskLane = { cluster: CfnCluster; taskDefinitions: CfnTaskDefinition[]; executionRole: IRole };
