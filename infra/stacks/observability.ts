import { Stack, type StackProps } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { watched } from '../alarms.ts';
import type { Config } from '../config.ts';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { ALARM_PERIOD, ImpactAlarm } from '../constructs/impact-alarm.ts';
import type { ApiStack } from './api.ts';
import type { DataStack } from './data.ts';
import type { WorkersStack } from './workers.ts';

export type ObservabilityProps = StackProps & { config: Config; data: DataStack; workers: WorkersStack; api: ApiStack };

/** Alarms that each say what people notice, and one dashboard: what rings, how much runs, how long it waits. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, { ...props, description: 'Millrace: alarms and the dashboard' });
    const { alarmEmail } = props.config;
    const topic = alarmEmail === undefined ? undefined : new AlarmTopic(this, 'Alarms', { email: alarmEmail }).topic;
    const alarms = watched(props).map(
      ({ id: name, ...watch }) => new ImpactAlarm(this, name, { ...watch, topic }).alarm,
    );
    const { groups, sending } = props.workers;
    const runners = groups.flatMap(({ name, runner }) => (runner === undefined ? [] : [{ name, runner }]));
    const period = { period: ALARM_PERIOD };
    new Dashboard(this, 'Dashboard', {
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 4 })],
        [
          new GraphWidget({
            title: 'Jobs run',
            width: 12,
            left: runners.map(({ name, runner }) => runner.metricInvocations({ ...period, label: name })),
            right: runners.map(({ name, runner }) => runner.metricDuration({ ...period, label: `${name}: ms` })),
          }),
          new GraphWidget({
            title: 'Jobs waiting',
            width: 12,
            left: [...sending.queues].map(([tag, queue]) =>
              queue.metricApproximateNumberOfMessagesVisible({ ...period, label: tag }),
            ),
            right: [...sending.queues].map(([tag, queue]) =>
              queue.metricApproximateAgeOfOldestMessage({ ...period, label: `${tag}: oldest, s` }),
            ),
          }),
        ],
        [
          new GraphWidget({
            title: 'Requests',
            width: 12,
            left: [props.api.http.api.metricCount(period)],
            right: [props.api.http.api.metricLatency(period)],
          }),
          new GraphWidget({
            title: 'Synchronous runs and streams at once',
            width: 12,
            left: [props.api.functions.wait, props.api.functions.stream].map((fn) =>
              fn.metric('ConcurrentExecutions', { ...period, statistic: 'Maximum', label: fn.node.path }),
            ),
          }),
        ],
      ],
    });
  }
}
