import type { JobMessage, LateSender } from './job-queue.ts';

/** Sends far-away messages by one-shot schedules that delete themselves. */
export class SchedulerLateSender implements LateSender {
  readonly #group: string;
  readonly #roleArn: string;
  readonly #deadLetterArn: string;

  constructor(config: { group: string; roleArn: string; deadLetterArn: string }) {
    this.#group = config.group;
    this.#roleArn = config.roleArn;
    this.#deadLetterArn = config.deadLetterArn;
  }

  /** The name is the job's, so a repeated request makes one schedule. */
  async sendAt(at: number, queueArn: string, message: JobMessage): Promise<void> {
    const { ConflictException, CreateScheduleCommand, SchedulerClient } = await import('./scheduler.ts');
    const client = new SchedulerClient({ maxAttempts: 4 });
    try {
      await client.send(
        new CreateScheduleCommand({
          GroupName: this.#group,
          Name: `${message.workspace}.${message.id}`.slice(0, 64),
          ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: queueArn,
            RoleArn: this.#roleArn,
            DeadLetterConfig: { Arn: this.#deadLetterArn },
            // No message group: the worker that finds the job early sends it again, with its group and the exact delay.
            Input: JSON.stringify(message),
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConflictException)) throw error;
    }
  }
}
