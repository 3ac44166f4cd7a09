import { Stack, type StackProps } from 'aws-cdk-lib';
import { EventSourceMapping, type IFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Env as DeadletterEnv } from '../../functions/deadletter/env.ts';
import type { Env as ReaperEnv } from '../../functions/reaper/env.ts';
import type { Assets } from '../build/assets.ts';
import type { Config } from '../config.ts';
import { FargateRunner } from '../constructs/fargate-runner.ts';
import { JobSchedules } from '../constructs/job-schedules.ts';
import { JobUpkeep } from '../constructs/job-upkeep.ts';
import { MessageQueue } from '../constructs/message-queue.ts';
import { OnSchedule } from '../constructs/on-schedule.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { TaskEnd } from '../constructs/task-end.ts';
import { LANE_TIMEOUT_S, WorkerGroup } from '../constructs/worker-group.ts';
import { queuesEnv, schedulesEnv, storesEnv, taskGroupsEnv } from '../environment.ts';
import { deadletterRights, reaperRights } from '../rights/roles.ts';
import type { Lane, Sending, Stores } from '../rights/room.ts';
import { type FargateGroup, LAMBDA_LIMIT_S } from '../worker-group-config.ts';

const fargateGroups = (config: Config): FargateGroup[] =>
  config.workerGroups.filter((group) => group.lane === 'fargate');

/** A redelivery must not overtake the invocation that still holds the message. */
const VISIBILITY_MARGIN_S = 60;
const RESCUE_TIMEOUT_S = 60;

export type WorkersProps = StackProps & { config: Config; assets: Assets; stores: Stores; signingSecret: Secret };

/** Everything that turns a queued job into a completed one: queues, worker groups, schedules, reaper, dead letters. */
export class WorkersStack extends Stack {
  readonly sending: Sending;
  /** The lane of the first group, which `wait` runs itself. */
  readonly lane: Lane;
  readonly groups: { name: string; dispatch: IFunction; runner: IFunction | undefined }[];
  /** Absent where no group is on Fargate. */
  readonly taskend: IFunction | undefined;
  readonly deadLetters: IQueue;
  readonly reaper: IFunction;
  readonly deadletter: IFunction;
  readonly upkeep: JobUpkeep;

  constructor(scope: Construct, id: string, props: WorkersProps) {
    super(scope, id, { ...props, description: 'Millrace: queues and what runs jobs' });
    const { config, assets, stores, signingSecret } = props;
    this.deadLetters = new MessageQueue(this, 'DeadLetters', { visibilitySeconds: RESCUE_TIMEOUT_S * 2 }).queue;
    this.sending = this.#sending(config);
    const tasks = this.#tasks(props);
    this.taskend = tasks?.taskend;
    const groups = config.workerGroups.map((group) => {
      const { dispatch, runner } = new WorkerGroup(this, `Group-${group.name}`, {
        group,
        assets,
        stores,
        sending: this.sending,
        signingSecret,
        tasks,
        logRetention: config.logRetentionDays,
      });
      return { name: group.name, dispatch, runner };
    });
    this.groups = groups;
    const [first] = groups;
    if (first?.runner === undefined) throw new Error('the first worker group has no runner');
    this.lane = { runner: first.runner, signingSecret };
    this.reaper = this.#reaper(props);
    this.deadletter = this.#deadletter(props);
    this.upkeep = new JobUpkeep(this, 'Upkeep', { assets, stores, logRetention: config.logRetentionDays });
  }

  #sending(config: Config): Sending {
    const tags: Sending['tags'] = new Map();
    const queues: Sending['queues'] = new Map();
    const longest = fargateGroups(config)[0]?.timeLimitSeconds ?? LAMBDA_LIMIT_S;
    for (const group of config.workerGroups) {
      const priority = this.#queue(`Priority-${group.name}`);
      for (const tag of group.tags) {
        const queue = this.#queue(`Tag-${tag}`);
        tags.set(tag, {
          queue,
          priority,
          lane: group.lane,
          longestSeconds: group.lane === 'fargate' ? group.timeLimitSeconds : longest,
        });
        queues.set(tag, queue);
      }
      queues.set(`${group.name} priority`, priority);
    }
    return { tags, queues, schedules: new JobSchedules(this, 'Schedules', { queues: [...queues.values()] }) };
  }

  #tasks(props: WorkersProps) {
    const { config, assets, stores } = props;
    const groups = fargateGroups(config);
    if (groups.length === 0) return undefined;
    const logRetention = config.logRetentionDays;
    const runner = new FargateRunner(this, 'Fargate', {
      groups,
      image: assets.runnerImage,
      network: config.network,
      logRetention,
    });
    const { cluster, executionRole } = runner;
    const { fn } = new TaskEnd(this, 'TaskEnd', { assets, stores, sending: this.sending, cluster, logRetention });
    return {
      lane: { cluster, executionRole, taskDefinitions: [...runner.taskDefinitions.values()] },
      env: taskGroupsEnv(this, groups, runner),
      taskend: fn,
    };
  }

  #queue(id: string): IQueue {
    const visibilitySeconds = LANE_TIMEOUT_S + VISIBILITY_MARGIN_S;
    return new MessageQueue(this, id, { visibilitySeconds, deadLetters: this.deadLetters }).queue;
  }

  #reaper({ config, assets, stores }: WorkersProps): IFunction {
    const environment: ReaperEnv = {
      ...storesEnv(stores),
      ...queuesEnv(this, this.sending),
      ...schedulesEnv(this.sending),
    };
    const reaper = new PlatformFunction(this, 'Reaper', {
      code: assets.zip('reaper'),
      environment,
      timeoutSeconds: RESCUE_TIMEOUT_S,
      memoryMb: 256,
      logRetention: config.logRetentionDays,
      rights: reaperRights(stores, this.sending),
    }).fn;
    new OnSchedule(this, 'ReaperTick', { target: reaper, expression: 'rate(1 minute)' });
    return reaper;
  }

  #deadletter({ config, assets, stores }: WorkersProps): IFunction {
    const environment: DeadletterEnv = {
      ...storesEnv(stores),
      ...queuesEnv(this, this.sending),
      ...schedulesEnv(this.sending),
    };
    const deadletter = new PlatformFunction(this, 'Deadletter', {
      code: assets.zip('deadletter'),
      environment,
      timeoutSeconds: RESCUE_TIMEOUT_S,
      memoryMb: 256,
      logRetention: config.logRetentionDays,
      rights: deadletterRights(stores, this.sending, this.deadLetters),
      // It sends a job back to the queue whose messages may return to it; the attempts of a job bound the circle.
      recursiveLoop: RecursiveLoop.ALLOW,
    }).fn;
    new EventSourceMapping(this, 'FromDeadLetters', {
      target: deadletter,
      eventSourceArn: this.deadLetters.queueArn,
      batchSize: 10,
      maxConcurrency: 2,
      reportBatchItemFailures: true,
    });
    return deadletter;
  }
}
