import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export type ImpactAlarmProps = {
  metric: IMetric;
  /** One sentence: what people notice while this is wrong. It is the text of the alarm. */
  impact: string;
  /** The alarm rings when the metric is above this. */
  above: number;
  /** For this many periods in a row. */
  periods: number;
  topic: Topic | undefined;
};

/** Length of the periods that alarms look at. */
export const ALARM_PERIOD = Duration.minutes(5);

/** An alarm that says what it means. No data is no alarm: an idle platform reports nothing. */
export class ImpactAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: ImpactAlarmProps) {
    super(scope, id);
    this.alarm = new Alarm(this, 'Alarm', {
      metric: props.metric,
      alarmDescription: props.impact,
      threshold: props.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (props.topic !== undefined) this.alarm.addAlarmAction(new SnsAction(props.topic));
  }
}
