import { type IMetric, MathExpression, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { ALARM_PERIOD } from './constructs/impact-alarm.ts';
import type { ApiStack } from './stacks/api.ts';
import type { DataStack } from './stacks/data.ts';
import type { WorkersStack } from './stacks/workers.ts';

/** What is watched: an id, a metric with its limit, and in one sentence what people notice while it is wrong. */
export type Watched = { id: string; metric: IMetric; above: number; periods: number; impact: string };

const sum = { period: ALARM_PERIOD, statistic: Stats.SUM };
const maximum = { period: ALARM_PERIOD, statistic: Stats.MAXIMUM };

const deadMessages = (queue: IQueue): Metric => queue.metricApproximateNumberOfMessagesVisible(maximum);

const throttles = (table: Table): IMetric =>
  new MathExpression({
    expression: 'reads + writes',
    period: ALARM_PERIOD,
    usingMetrics: {
      reads: table.metric('ReadThrottleEvents', sum),
      writes: table.metric('WriteThrottleEvents', sum),
    },
  });

const failures = (id: string, fn: IFunction, impact: string): Watched => ({
  id: `${id}Errors`,
  metric: fn.metricErrors(sum),
  above: 0,
  periods: 1,
  impact,
});

const ofQueues = (workers: WorkersStack): Watched[] => [
  {
    id: 'DeadLetters',
    metric: deadMessages(workers.deadLetters),
    above: 0,
    periods: 2,
    impact: 'Jobs whose message failed five times are not being brought back, so they stay queued or running for ever.',
  },
  {
    id: 'ScheduleDeadLetters',
    metric: deadMessages(workers.sending.schedules.deadLetters),
    above: 0,
    periods: 1,
    impact:
      'Jobs that were due later than 15 minutes did not reach their queue and start only when the reaper finds them.',
  },
  ...[...workers.sending.queues].map(
    ([tag, queue]): Watched => ({
      id: `OldestMessage-${tag}`,
      metric: queue.metricApproximateAgeOfOldestMessage(maximum),
      above: 900,
      periods: 3,
      impact: `Jobs of queue ${tag} have been waiting for a worker for more than 15 minutes.`,
    }),
  ),
];

const ofUpkeep = ({ upkeep }: WorkersStack): Watched[] => [
  {
    id: 'LostExpiries',
    metric: deadMessages(upkeep.lost),
    above: 0,
    periods: 1,
    impact:
      'Arguments, logs and results of expired jobs were not removed, nor archived where that is on; see the runbook.',
  },
  failures('Reconcile', upkeep.reconcile, 'Objects that no job points to any more pile up in the bucket.'),
];

const ofGroups = (workers: WorkersStack): Watched[] =>
  workers.groups.flatMap(({ name, dispatch, runner }): Watched[] => [
    failures(
      `Dispatch-${name}`,
      dispatch,
      `Jobs of group ${name} start late, because their dispatch fails and is tried again.`,
    ),
    {
      id: `DispatchThrottles-${name}`,
      metric: dispatch.metricThrottles(sum),
      above: 0,
      periods: 3,
      impact: `Jobs of group ${name} wait although its workers are free: the account has no concurrency left for dispatch.`,
    },
    ...(runner === undefined
      ? []
      : [
          {
            id: `RunnerThrottles-${name}`,
            metric: runner.metricThrottles(sum),
            above: 0,
            periods: 3,
            impact: `Group ${name} is full: new jobs wait, and synchronous runs fall back to the queue.`,
          },
        ]),
  ]);

const ofHttp = (api: ApiStack): Watched[] => [
  {
    id: 'Http5xx',
    metric: api.http.api.metricServerError(sum),
    above: 0,
    periods: 1,
    impact: 'Callers of the API or of webhooks get 5xx answers; a webhook answered so may not have made its job.',
  },
  failures('Wait', api.functions.wait, 'Synchronous runs break off; their jobs are brought back by the reaper.'),
  failures('Stream', api.functions.stream, 'Live logs and large results break off while people read them.'),
];

/** Everything that rings, in the order of the dashboard. */
export const watched = (props: { data: DataStack; workers: WorkersStack; api: ApiStack }): Watched[] => [
  ...ofQueues(props.workers),
  ...ofGroups(props.workers),
  ...ofHttp(props.api),
  failures('Reaper', props.workers.reaper, 'Jobs of dead workers and lost messages are not brought back.'),
  failures('Deadletter', props.workers.deadletter, 'Jobs whose message failed five times are not brought back yet.'),
  ...(props.workers.taskend === undefined
    ? []
    : [failures('Taskend', props.workers.taskend, 'Jobs whose tasks died wait for the reaper.')]),
  ...ofUpkeep(props.workers),
  {
    id: 'JobsThrottles',
    metric: throttles(props.data.jobs),
    above: 0,
    periods: 2,
    impact: 'Jobs start, log and complete late, because the job table refuses part of the reads or writes.',
  },
  {
    id: 'CatalogThrottles',
    metric: throttles(props.data.catalog),
    above: 0,
    periods: 2,
    impact: 'Requests are slow or fail, because the catalog table refuses part of the reads or writes.',
  },
];
