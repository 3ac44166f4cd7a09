import { EventSourceMapping, type IFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env } from '../../functions/dispatch/env.ts';
import type { Assets } from '../build/assets.ts';
import type { Config } from '../config.ts';
import { packagesEnv, queuesEnv, schedulesEnv, secretsEnv, storesEnv, taskGroupsEnv } from '../environment.ts';
import { dispatchRights } from '../rights/roles.ts';
import type { Sending, Stores, TaskLane } from '../rights/room.ts';
import { PlatformFunction } from './platform-function.ts';
import { Runner } from './runner.ts';

/** Timeout of every function that waits for a runner: what Lambda allows at most. */
export const LANE_TIMEOUT_S = 900;

export type WorkerGroupProps = {
  group: Config['workerGroups'][number];
  assets: Assets;
  stores: Stores;
  sending: Sending;
  signingSecret: Secret;
  /** Where jobs run that are tasks, if there is such a group. */
  tasks: { lane: TaskLane; env: { TASK_GROUPS: string } } | undefined;
  logRetention: RetentionDays;
};

type OwnQueue = { id: string; queue: IQueue; maxConcurrency: number };

/** The queue of each tag, and the one for jobs with a priority, which none of the others can hold up. */
const ownQueues = (group: WorkerGroupProps['group'], sending: Sending): OwnQueue[] => {
  const ofTags = [...sending.tags].filter(([tag]) => group.tags.includes(tag));
  const priority = ofTags[0]?.[1].priority;
  return [
    ...ofTags.map(([tag, { queue }]) => ({ id: `From-${tag}`, queue, maxConcurrency: group.maxConcurrency })),
    ...(priority === undefined
      ? []
      : [{ id: 'FromPriority', queue: priority, maxConcurrency: group.priorityConcurrency }]),
  ];
};

/** The tags of one group, the dispatch function they feed, and the runner that only this dispatch (and wait) invokes. */
export class WorkerGroup extends Construct {
  readonly dispatch: IFunction;
  /** Undefined in a group whose jobs are tasks. */
  readonly runner: IFunction | undefined;

  constructor(scope: Construct, id: string, props: WorkerGroupProps) {
    super(scope, id);
    const { group, stores, sending } = props;
    if (group.lane === 'lambda')
      this.runner = new Runner(this, 'Runner', {
        image: props.assets.runnerImage,
        memoryMb: group.memoryMb,
        timeoutSeconds: group.timeLimitSeconds + 30,
        reservedConcurrency: group.runnerConcurrency,
      }).fn;
    const own = ownQueues(group, sending);
    const runner = this.runner === undefined ? {} : { runner: this.runner };
    const lane = { ...runner, signingSecret: props.signingSecret, tasks: props.tasks?.lane };
    const environment: Env = {
      ...storesEnv(stores),
      ...secretsEnv(stores),
      ...packagesEnv(stores),
      ...queuesEnv(this, sending),
      ...schedulesEnv(sending),
      RUNNER_FUNCTION: this.runner?.functionName ?? 'none',
      TASK_GROUPS: (props.tasks?.env ?? taskGroupsEnv(this, [], undefined)).TASK_GROUPS,
      SIGNING_SECRET_ARN: props.signingSecret.secretArn,
      WORKER_GROUP: group.name,
    };
    const dispatch = new PlatformFunction(this, 'Dispatch', {
      code: props.assets.zip('dispatch'),
      environment,
      timeoutSeconds: LANE_TIMEOUT_S,
      memoryMb: 512,
      logRetention: props.logRetention,
      rights: dispatchRights(
        stores,
        sending,
        lane,
        own.map(({ queue }) => queue),
      ),
      // A job due far away, and every step of a flow, passes queue -> dispatch -> queue more often than Lambda's guard allows.
      recursiveLoop: RecursiveLoop.ALLOW,
    }).fn;
    for (const { id: from, queue, maxConcurrency } of own) {
      new EventSourceMapping(this, from, {
        target: dispatch,
        eventSourceArn: queue.queueArn,
        batchSize: group.batchSize,
        maxConcurrency,
        reportBatchItemFailures: true,
      });
    }
    this.dispatch = dispatch;
  }
}
