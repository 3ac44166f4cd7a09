import { AwsError } from '../aws-error.ts';
import type { Place } from '../service.ts';
import { type Deliver, deliverRun } from './delivery.ts';
import { parseExpression } from './expression.ts';
import type { ScheduleDefinition } from './inputs.ts';
import { ScheduleStore, type StoredSchedule } from './schedule-store.ts';

export type SchedulerConfig = {
  /** An existing or new SQLite file. */
  file: string;
  place: Place;
  now: () => number;
  deliver: Deliver;
  /** Pauses between the retries of a send. */
  wait: (ms: number) => Promise<void>;
  /** Told about a run that neither its target nor a dead-letter queue took. */
  onLost: (scheduleArn: string, error: unknown) => void;
};

const MAX_SLEEP_MS = 60_000;

const seconds = (time: number | undefined): number | undefined => (time === undefined ? undefined : time * 1000);

/** What EventBridge Scheduler does with schedules, without the wire. */
export class Schedules {
  readonly store: ScheduleStore;
  readonly #config: SchedulerConfig;
  readonly #firing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(config: SchedulerConfig) {
    this.#config = config;
    this.store = new ScheduleStore(config.file);
    this.store.putGroup('default', config.now());
  }

  arn(group: string, name: string): string {
    return `arn:aws:scheduler:${this.#config.place.region}:${this.#config.place.accountId}:schedule/${group}/${name}`;
  }

  groupArn(name: string): string {
    return `arn:aws:scheduler:${this.#config.place.region}:${this.#config.place.accountId}:schedule-group/${name}`;
  }

  /**
   * Stores the definition in place of what had its name, and plans its first run from now on: for a rate that is now.
   * Throws for an unknown group or a malformed or finished schedule.
   */
  put(definition: ScheduleDefinition, clientToken: string | undefined, createdAt: number): void {
    const now = this.#config.now();
    if (this.store.group(definition.GroupName) === undefined) {
      throw new AwsError('ResourceNotFoundException', 404, `Schedule group ${definition.GroupName} does not exist.`);
    }
    const expression = parseExpression(definition.ScheduleExpression, definition.ScheduleExpressionTimezone);
    const end = seconds(definition.EndDate);
    if (end !== undefined && end <= now) {
      throw new AwsError('ValidationException', 400, 'The EndDate you specify must come after the current time.');
    }
    const first = expression.first(Math.max(now, expression.once ? 0 : (seconds(definition.StartDate) ?? 0)));
    const next_at = definition.State === 'ENABLED' ? this.#within(definition, first) : null;
    this.store.put({ definition, client_token: clientToken ?? null, created_at: createdAt, modified_at: now, next_at });
    this.#arm();
  }

  /** Runs everything that is due at `now`, each overdue schedule once, and ends when all of it is delivered or given up. */
  async step(now: number): Promise<void> {
    await Promise.all(this.#waiting(now).map((schedule) => this.#run(schedule, now)));
  }

  /** From now on runs are made by the clock. */
  start(): void {
    this.#running = true;
    this.#arm();
  }

  /** For a clock that was moved: what became due runs now. Nothing before `start`. */
  wake(): void {
    this.#arm();
  }

  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.store.close();
  }

  #within({ EndDate }: ScheduleDefinition, time: number | undefined): number | null {
    return time === undefined || time > (seconds(EndDate) ?? Number.POSITIVE_INFINITY) ? null : time;
  }

  async #run(schedule: StoredSchedule, now: number): Promise<void> {
    const { definition, next_at } = schedule;
    const { GroupName, Name } = definition;
    if (next_at === null) return;
    const arn = this.arn(GroupName, Name);
    this.#firing.add(arn);
    try {
      await deliverRun(this.#config, definition, arn, next_at);
      this.#plan(schedule, next_at, now);
    } finally {
      this.#firing.delete(arn);
    }
  }

  /** Only after the delivery, so that a kill in between repeats a run and never loses one. */
  #plan(schedule: StoredSchedule, previous: number, now: number): void {
    const { definition, modified_at } = schedule;
    const { GroupName, Name } = definition;
    if (this.store.closed) return;
    const expression = parseExpression(definition.ScheduleExpression, definition.ScheduleExpressionTimezone);
    const next = this.#within(definition, expression.next(previous, now));
    const unchanged = this.store.find(GroupName, Name)?.modified_at === modified_at;
    if (next === null && unchanged && definition.ActionAfterCompletion === 'DELETE') this.store.remove(GroupName, Name);
    else this.store.setNext(schedule, next);
  }

  #waiting(now: number): StoredSchedule[] {
    return this.store
      .due(now)
      .filter(({ definition }) => !this.#firing.has(this.arn(definition.GroupName, definition.Name)));
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    const now = this.#config.now();
    const next = this.#waiting(now).length > 0 ? now : this.store.nextRun(now);
    this.#timer = setTimeout(() => this.#tick(), Math.min(MAX_SLEEP_MS, (next ?? Number.POSITIVE_INFINITY) - now));
  }

  #tick(): void {
    this.step(this.#config.now()).then(
      () => this.#arm(),
      (error: unknown) => this.#config.onLost('', error),
    );
    this.#arm();
  }
}
