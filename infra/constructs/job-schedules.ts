import { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sendTo } from '../rights/statements.ts';
import { MessageQueue } from './message-queue.ts';

/** The room for one-shot schedules of jobs that are due in more than 15 minutes, and the one role they all send with. */
export class JobSchedules extends Construct {
  readonly name: string;
  readonly sender: Role;
  /** Sends that Scheduler gave up on. The reaper sends those jobs again; the alarm says that something is wrong. */
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: { queues: IQueue[] }) {
    super(scope, id);
    const stack = Stack.of(this);
    this.name = `${stack.stackName}-jobs`;
    new CfnScheduleGroup(this, 'Group', { name: this.name });
    this.deadLetters = new MessageQueue(this, 'DeadLetters', { visibilitySeconds: 60 }).queue;
    this.sender = new Role(this, 'Sender', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    this.sender.addToPolicy(sendTo([...props.queues, this.deadLetters]));
  }
}
