import { sha256Hex } from '../model/ids.ts';
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
          Name: await scheduleName(message),
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

  async forget(message: JobMessage): Promise<void> {
    const { DeleteScheduleCommand, ResourceNotFoundException, SchedulerClient } = await import('./scheduler.ts');
    const client = new SchedulerClient({ maxAttempts: 4 });
    try {
      await client.send(new DeleteScheduleCommand({ GroupName: this.#group, Name: await scheduleName(message) }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  }
}

/** Names have 64 characters at most, too few for a workspace and an id: the workspace is in it by its digest. */
const scheduleName = async ({ workspace, id }: JobMessage): Promise<string> =>
  `${id}.${(await sha256Hex(workspace)).slice(0, 24)}`;
