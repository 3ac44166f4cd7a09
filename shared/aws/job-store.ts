import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Canceler, JobStore, Op, StoredCompletion } from '../jobs/ports.ts';
import { asShown, DELETED } from '../model/deletion.ts';
import type { Job, JobKey, Payload, WaitReason } from '../model/job.ts';
import type { Language } from '../model/language.ts';
import { isExpired } from '../model/retention.ts';
import { readJobs } from './job-batch.ts';
import { fromItem, type Item, toItem } from './job-item.ts';
import { dueKey, jobKey } from './job-keys.ts';

type Update = {
  update: string;
  /** Attribute names that stand as `#name` in the update, because they are (or may become) reserved words. */
  names?: string[];
  /** Clauses that must all hold. */
  condition: string[];
  values: Record<string, unknown>;
};

type Outcome = { done: true; job: Job } | { done: false; job: Job | undefined };

/** The job items of the `jobs` table. Each transition is one conditional write; a refusal answers the item as it stood. */
export class DynamoJobStore implements JobStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #now: () => number;

  constructor(db: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#db = db;
    this.#table = table;
    this.#now = now;
  }

  async create(job: Job): Promise<{ created: true } | { created: false; existing: Job }> {
    try {
      await this.#db.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: toItem(job),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { created: true };
    } catch (error) {
      const existing = refusedBy(error);
      if (existing === undefined) throw error;
      return existing.op === job.op ? { created: true } : { created: false, existing };
    }
  }

  async get(key: JobKey): Promise<Job | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(jobKey(key)), ConsistentRead: true }),
    );
    const job = Item === undefined ? undefined : fromItem(Item);
    return job === undefined || isExpired(job, this.#now()) ? undefined : asShown(job, this.#now());
  }

  async getMany(workspace: string, ids: readonly string[]): Promise<Job[]> {
    const jobs = await readJobs({ db: this.#db, table: this.#table, consistent: true }, workspace, [...new Set(ids)]);
    const now = this.#now();
    return jobs.filter((job) => !isExpired(job, now)).map((job) => asShown(job, now));
  }

  async claim(key: JobKey, claim: { worker: string; now: number; op: Op }) {
    const outcome = await this.#transition(key, claim.op, {
      update:
        'SET #status = :running, worker = :worker, started_at = :now, attempt = attempt + :one, tries = tries + :one, op = :op REMOVE waits',
      condition: ['#status = :queued', 'scheduled_for <= :now'],
      values: { running: 'running', queued: 'queued', worker: claim.worker, now: claim.now, one: 1, op: claim.op },
    });
    return outcome.done ? { claimed: true as const, job: outcome.job } : { claimed: false as const, job: outcome.job };
  }

  async finish(key: JobKey, attempt: number, completion: StoredCompletion, op: Op, masks?: number) {
    const canceling = completion.canceledBy !== undefined && completion.canceledBy !== 'timeout';
    const outcome = await this.#transition(key, op, {
      ...terminal(key, completion, op),
      condition: [
        '#status = :running',
        'attempt = :attempt',
        ...(canceling ? [] : ['attribute_not_exists(canceled_by)']),
        ...(masks === undefined ? [] : [masks === 0 ? 'attribute_not_exists(masks)' : 'masks = :masks']),
      ],
      values: {
        ...terminal(key, completion, op).values,
        running: 'running',
        attempt,
        ...(masks === undefined || masks === 0 ? {} : { masks }),
      },
    });
    return outcome.done
      ? { finished: true as const, job: outcome.job }
      : { finished: false as const, job: outcome.job };
  }

  async release(
    key: JobKey,
    attempt: number,
    release: { dueAt: number; ran: boolean; op: Op; waits?: WaitReason },
  ): Promise<boolean> {
    const again = release.waits === 'retry';
    const outcome = await this.#transition(key, release.op, {
      update: [
        'SET #status = :queued, op = :op, scheduled_for = :due_at, due = :due, tries = ',
        again ? ':zero, retried = if_not_exists(retried, :zero) + :one' : 'tries - :tried',
        release.waits === undefined
          ? ' REMOVE worker, started_at, progress, waits'
          : ', waits = :waits REMOVE worker, started_at, progress',
      ].join(''),
      condition: ['#status = :running', 'attempt = :attempt', 'attribute_not_exists(canceled_by)'],
      values: {
        queued: 'queued',
        running: 'running',
        op: release.op,
        due_at: release.dueAt,
        due: dueKey(release.dueAt, key.id),
        attempt,
        ...(again ? { zero: 0, one: 1 } : { tried: release.ran ? 0 : 1 }),
        ...(release.waits === undefined ? {} : { waits: release.waits }),
      },
    });
    return outcome.done;
  }

  async cancelQueued(key: JobKey, attempt: number, completion: StoredCompletion, op: Op): Promise<Job | undefined> {
    const ending = terminal(key, completion, op);
    // A job that was due far ahead stands there among the live ones: what it owes is looked for among those that are due.
    const owing = completion.followups !== undefined && completion.followups.length > 0;
    const due = owing ? { due: dueKey(completion.completedAt, key.id) } : {};
    const outcome = await this.#transition(key, op, {
      ...ending,
      update: owing ? `${ending.update}, due = :due` : ending.update,
      condition: ['#status = :queued', 'attempt = :attempt'],
      values: { ...ending.values, ...due, queued: 'queued', attempt },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async replaceArgs(key: JobKey, args: Payload, refs: boolean, op: Op): Promise<Job | undefined> {
    const outcome = await this.#transition(key, op, {
      update: 'SET args = :args, refs = :refs, op = :op',
      condition: ['#status = :queued', 'attempt = :none'],
      values: { queued: 'queued', none: 0, args, refs, op },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async skipQueued(key: JobKey, completion: StoredCompletion, op: Op): Promise<boolean> {
    const ending = terminal(key, completion, op);
    const outcome = await this.#transition(key, op, {
      ...ending,
      condition: ['#status = :queued'],
      values: { ...ending.values, queued: 'queued' },
    });
    return outcome.done;
  }

  async makeDue(key: JobKey, now: number, op: Op): Promise<Job | undefined> {
    const outcome = await this.#transition(key, op, {
      update: 'SET scheduled_for = :now, due = :due, op = :op',
      condition: ['#status = :queued', 'scheduled_for > :now'],
      values: { queued: 'queued', now, due: dueKey(now, key.id), op },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async settle(key: JobKey): Promise<void> {
    await this.#transition(key, undefined, {
      update: 'REMOVE followups, live',
      condition: ['attribute_exists(followups)', 'NOT (#status IN (:queued, :running))'],
      values: { queued: 'queued', running: 'running' },
    });
  }

  async wipe(key: JobKey, expires?: number): Promise<Job | undefined> {
    const values = { ...DELETED, expires };
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const outcome = await this.#transition(key, undefined, {
      update: `SET ${given.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      names: given.map(([name]) => name),
      condition: ['attribute_exists(completed_at)', 'NOT #status IN (:queued, :running)'],
      values: { ...Object.fromEntries(given), queued: 'queued', running: 'running' },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async useVersion(
    key: JobKey,
    attempt: number,
    version: { hash: string; language: Language },
  ): Promise<Job | undefined> {
    const outcome = await this.#transition(key, undefined, {
      update: 'SET #hash = :hash, #language = :language',
      names: ['hash', 'language'],
      condition: ['#status = :running', 'attempt = :attempt'],
      values: { ...version, running: 'running', attempt },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async markStreaming(key: JobKey, attempt: number): Promise<void> {
    await this.#transition(key, undefined, {
      update: 'SET streamed = :attempt',
      condition: ['#status = :running', 'attempt = :attempt'],
      values: { running: 'running', attempt },
    });
  }

  async setProgress(key: JobKey, attempt: number, percent: number): Promise<boolean> {
    const outcome = await this.#transition(key, undefined, {
      update: 'SET progress = :percent',
      condition: [
        '#status = :running',
        'attempt = :attempt',
        '(attribute_not_exists(progress) OR progress <= :percent)',
      ],
      values: { running: 'running', attempt, percent },
    });
    return outcome.done || (outcome.job?.status === 'running' && outcome.job.attempt === attempt);
  }

  async handOver(key: JobKey, attempt: number, worker: string): Promise<Job | undefined> {
    const outcome = await this.#transition(key, undefined, {
      update: 'SET worker = :worker',
      condition: ['#status = :running', 'attempt = :attempt'],
      values: { worker, running: 'running', attempt },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async requestCancel(key: JobKey, by: Canceler): Promise<Job | undefined> {
    const outcome = await this.#transition(key, undefined, {
      update: `SET canceled_by = if_not_exists(canceled_by, :by)${by.reason === undefined ? '' : ', canceled_reason = if_not_exists(canceled_reason, :reason)'}`,
      condition: ['#status = :running'],
      values: { by: by.by, running: 'running', ...(by.reason === undefined ? {} : { reason: by.reason }) },
    });
    return outcome.done ? outcome.job : undefined;
  }

  async #transition(key: JobKey, op: Op | undefined, { update, names, condition, values }: Update): Promise<Outcome> {
    try {
      const { Attributes } = await this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(jobKey(key)),
          UpdateExpression: update,
          ConditionExpression: condition.join(' AND '),
          ExpressionAttributeNames: Object.fromEntries(['status', ...(names ?? [])].map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall(
            Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
            { removeUndefinedValues: true },
          ),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      if (Attributes === undefined) throw new Error(`no attributes came back of job ${key.id}`);
      return { done: true, job: fromItem(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const job = refusedBy(error);
      return op !== undefined && job?.op === op ? { done: true, job } : { done: false, job };
    }
  }
}

/** The job that refused a conditional write; undefined when there is none, or the error is another. */
const refusedBy = (error: unknown): Job | undefined => {
  if (!(error instanceof ConditionalCheckFailedException)) return undefined;
  const item: Item | undefined = error.Item;
  return item === undefined ? undefined : fromItem(item);
};

const terminal = (key: JobKey, completion: StoredCompletion, op: Op): Omit<Update, 'condition'> => {
  const sets: Record<string, unknown> = {
    result: completion.result,
    completed_at: completion.completedAt,
    duration_ms: completion.durationMs,
    log_tail: completion.logTail,
    mem_peak: completion.memPeakKb,
    labels: completion.labels,
    canceled_by: completion.canceledBy,
    canceled_reason: completion.canceledReason,
    followups: completion.followups?.length ? completion.followups : undefined,
    expires: completion.expires,
    failed: completion.status === 'success' || completion.status === 'skipped' ? undefined : key.workspace,
    op,
  };
  const given = Object.entries(sets).filter(([, value]) => value !== undefined);
  const assignments = given.map(([name]) => `#${name} = :${name}`);
  return {
    // While it owes something it stays where the reaper looks.
    update: `SET #status = :terminal, ${assignments.join(', ')}${sets.followups === undefined ? ' REMOVE live' : ''}`,
    names: given.map(([name]) => name),
    values: { ...Object.fromEntries(given), terminal: completion.status },
  };
};
