import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Delivery, JobQueue, LateMessages } from '../jobs/ports.ts';
import { isUrgent, type Job } from '../model/job.ts';
import { LAMBDA_LIMIT_S, type TimeLimits } from '../model/time-limits.ts';

/** SQS delays a message by at most this long (AWS limit). */
const MAX_DELAY_S = 900;
/** EventBridge Scheduler is precise to a minute: it sends this long before the job is due, and SQS delays the rest. */
const LEAD_MS = 90_000;

type Queue = { url: string; arn: string };

/** The queues by tag, as the environment names them; `priority`: the one for jobs that must not wait behind the others. */
export type Queues = Record<
  string,
  Queue & { priority?: Queue | undefined; lane?: 'lambda' | 'fargate' | undefined; longest_s?: number | undefined }
>;

/** A message is this and nothing else: the job item is the truth. */
export const JobMessage = z.object({ workspace: z.string(), id: z.string() });
export type JobMessage = z.infer<typeof JobMessage>;

/** Sends a message later than SQS can: by a one-shot schedule. */
export interface LateSender {
  sendAt(at: number, queueArn: string, message: JobMessage): Promise<void>;
  /** Takes back what `sendAt` was asked to send; nothing happens to what is sent already or never was to be. */
  forget(message: JobMessage): Promise<void>;
}

/**
 * The tag queues: one standard queue a tag, fair between workspaces by their message group. SQS knows no priority, so jobs
 * that have one go by a queue of their own, which the same workers read side by side with the others.
 */
export class SqsJobQueue implements JobQueue, LateMessages {
  readonly #sqs: SQSClient;
  readonly #queues: Queues;
  readonly #late: LateSender | undefined;

  /** Without `late` (functions that never make future jobs) a far-away job is sent early and comes back again. */
  constructor(sqs: SQSClient, queues: Queues, late?: LateSender) {
    this.#sqs = sqs;
    this.#queues = queues;
    this.#late = late;
  }

  serves(tag: string): boolean {
    return Object.hasOwn(this.#queues, tag);
  }

  runsAsTask({ tag, timeout_s }: Pick<Job, 'tag' | 'timeout_s'>): boolean {
    return this.#queues[tag]?.lane === 'fargate' || timeout_s > LAMBDA_LIMIT_S;
  }

  timeLimits(tag: string): TimeLimits {
    const queue = Object.hasOwn(this.#queues, tag) ? this.#queues[tag] : undefined;
    const longest = queue?.longest_s ?? LAMBDA_LIMIT_S;
    return { usual: queue?.lane === 'fargate' ? longest : Math.min(LAMBDA_LIMIT_S, longest), longest };
  }

  async backlog(job: Pick<Job, 'tag' | 'priority'>): Promise<number> {
    const queue = this.#queueOf(job);
    if (queue === undefined) return 0;
    const { Attributes } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  }

  /** A tag that no group serves has no queue: the job stays queued, and the reaper sends it when a group appears. */
  async send(job: Pick<Job, 'workspace' | 'id' | 'tag' | 'priority'>, dueAt: number, now: number): Promise<void> {
    const queue = this.#queueOf(job);
    if (queue === undefined) return;
    const message: JobMessage = { workspace: job.workspace, id: job.id };
    const delay = Math.ceil(Math.max(0, dueAt - now) / 1000);
    if (delay > MAX_DELAY_S && this.#late !== undefined) {
      await this.#late.sendAt(dueAt - LEAD_MS, queue.arn, message);
      return;
    }
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: JSON.stringify(message),
        MessageGroupId: job.workspace,
        ...(delay > 0 ? { DelaySeconds: Math.min(delay, MAX_DELAY_S) } : {}),
      }),
    );
  }

  /** A message of one of these queues as it was received. */
  delivery(queueArn: string, receiptHandle: string): Delivery {
    const queues = Object.values(this.#queues).flatMap((queue) => [queue, queue.priority ?? queue]);
    const url = queues.find(({ arn }) => arn === queueArn)?.url;
    return {
      keep: async (seconds) => {
        if (url === undefined) return;
        const change = { QueueUrl: url, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
        await this.#sqs.send(new ChangeMessageVisibilityCommand(change)).catch(() => undefined);
      },
    };
  }

  /** Only of a job that was made for later than SQS delays and whose schedule may not have fired yet. */
  async forget(job: Pick<Job, 'workspace' | 'id' | 'created_at' | 'scheduled_for'>, now: number): Promise<void> {
    const scheduled = job.scheduled_for - job.created_at > MAX_DELAY_S * 1000 && job.scheduled_for > now;
    if (!scheduled || this.#late === undefined) return;
    // A schedule that stays sends one message, which finds nothing to do; then it deletes itself.
    await this.#late.forget({ workspace: job.workspace, id: job.id }).catch(() => undefined);
  }

  #queueOf(job: Pick<Job, 'tag' | 'priority'>): Queue | undefined {
    const queue = this.#queues[job.tag];
    return isUrgent(job) ? (queue?.priority ?? queue) : queue;
  }
}
