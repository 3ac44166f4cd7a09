import { Duration } from 'aws-cdk-lib';
import type { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Env } from '../../functions/taskend/env.ts';
import type { Assets } from '../build/assets.ts';
import { queuesEnv, schedulesEnv, storesEnv } from '../environment.ts';
import { taskendRights } from '../rights/roles.ts';
import type { Sending, Stores } from '../rights/room.ts';
import { PlatformFunction } from './platform-function.ts';

export type TaskEndProps = {
  assets: Assets;
  stores: Stores;
  sending: Sending;
  cluster: CfnCluster;
  logRetention: RetentionDays;
};

/** Hears of every task of the cluster that stopped, and ends or brings back the job that it left. */
export class TaskEnd extends Construct {
  readonly fn: IFunction;

  constructor(scope: Construct, id: string, { assets, stores, sending, cluster, logRetention }: TaskEndProps) {
    super(scope, id);
    const environment: Env = { ...storesEnv(stores), ...queuesEnv(this, sending), ...schedulesEnv(sending) };
    this.fn = new PlatformFunction(this, 'Taskend', {
      code: assets.zip('taskend'),
      environment,
      timeoutSeconds: 60,
      memoryMb: 256,
      logRetention,
      rights: taskendRights(stores, sending),
    }).fn;
    new Rule(this, 'Stopped', {
      description: 'Tasks that stopped: their jobs are ended or brought back at once',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [cluster.attrArn], lastStatus: ['STOPPED'] },
      },
      // What is lost here the reaper finds, once the lease of the task has run out.
      targets: [new LambdaFunction(this.fn, { retryAttempts: 5, maxEventAge: Duration.minutes(15) })],
    });
  }
}
