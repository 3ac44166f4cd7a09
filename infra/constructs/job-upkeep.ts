import { Duration } from 'aws-cdk-lib';
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as ExpiryEnv } from '../../functions/expiry/env.ts';
import type { Env as ReconcileEnv } from '../../functions/reconcile/env.ts';
import type { Assets } from '../build/assets.ts';
import { storesEnv } from '../environment.ts';
import { expiryRights, reconcileRights } from '../rights/roles.ts';
import type { Stores } from '../rights/room.ts';
import { MessageQueue } from './message-queue.ts';
import { OnSchedule } from './on-schedule.ts';
import { PlatformFunction } from './platform-function.ts';

const EXPIRY_TIMEOUT_S = 120;
const RECONCILE_TIMEOUT_S = 900;

export type JobUpkeepProps = { assets: Assets; stores: Stores; logRetention: RetentionDays };

/**
 * What follows a job out of its retention: `expiry`, fed with the removals that its time to live causes and with nothing
 * else of the table's stream, and `reconcile`, which looks once a day for what was left behind all the same.
 */
export class JobUpkeep extends Construct {
  readonly expiry: IFunction;
  readonly reconcile: IFunction;
  /** Told of records that `expiry` could not deal with: where they are in the stream, which keeps them for a day. */
  readonly lost: IQueue;

  constructor(scope: Construct, id: string, props: JobUpkeepProps) {
    super(scope, id);
    this.lost = new MessageQueue(this, 'Lost', { visibilitySeconds: EXPIRY_TIMEOUT_S }).queue;
    this.expiry = this.#expiry(props);
    this.reconcile = this.#reconcile(props);
  }

  #expiry({ assets, stores, logRetention }: JobUpkeepProps): IFunction {
    const environment: ExpiryEnv = storesEnv(stores);
    const target = new PlatformFunction(this, 'Expiry', {
      code: assets.zip('expiry'),
      environment,
      timeoutSeconds: EXPIRY_TIMEOUT_S,
      memoryMb: 512,
      logRetention,
      rights: expiryRights(stores, this.lost),
    }).fn;
    const { tableStreamArn } = stores.jobs;
    if (tableStreamArn === undefined) throw new Error('the job table has no stream');
    const mapping = new EventSourceMapping(this, 'FromRemovals', {
      target,
      eventSourceArn: tableStreamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('REMOVE'),
          userIdentity: {
            type: FilterRule.isEqual('Service'),
            principalId: FilterRule.isEqual('dynamodb.amazonaws.com'),
          },
          dynamodb: { Keys: { sk: { S: FilterRule.isEqual('job') } } },
        }),
      ],
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(5),
      parallelizationFactor: 2,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      // Hours of an outage are waited out; a record that cannot be dealt with holds its shard no longer than that.
      retryAttempts: 100,
      maxRecordAge: Duration.hours(12),
      onFailure: { bind: () => ({ destination: this.lost.queueArn }) },
    });
    // AWS refuses a mapping whose function may not yet read the stream.
    if (target.role !== undefined) mapping.node.addDependency(target.role);
    return target;
  }

  #reconcile({ assets, stores, logRetention }: JobUpkeepProps): IFunction {
    const { JOBS_TABLE, PAYLOAD_BUCKET } = storesEnv(stores);
    const environment: ReconcileEnv = { JOBS_TABLE, PAYLOAD_BUCKET };
    const target = new PlatformFunction(this, 'Reconcile', {
      code: assets.zip('reconcile'),
      environment,
      timeoutSeconds: RECONCILE_TIMEOUT_S,
      memoryMb: 256,
      logRetention,
      rights: reconcileRights(stores),
    }).fn;
    new OnSchedule(this, 'ReconcileTick', { target, expression: 'cron(17 3 * * ? *)' });
    return target;
  }
}
