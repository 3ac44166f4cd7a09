import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { AwsError, notBuilt } from '../aws-error.ts';
import { jsonBody, parseInput } from '../json-call.ts';
import type { Answer, Call, Permission, Service } from '../service.ts';
import { ClientToken, ScheduleDefinition } from './inputs.ts';
import type { StoredSchedule } from './schedule-store.ts';
import { type SchedulerConfig, Schedules } from './schedules.ts';

type Operation =
  | 'CreateSchedule'
  | 'UpdateSchedule'
  | 'GetSchedule'
  | 'DeleteSchedule'
  | 'ListSchedules'
  | 'CreateScheduleGroup'
  | 'GetScheduleGroup'
  | 'DeleteScheduleGroup'
  | 'ListScheduleGroups';

const operations: ReadonlyMap<string, Operation> = new Map([
  ['POST schedules name', 'CreateSchedule'],
  ['PUT schedules name', 'UpdateSchedule'],
  ['GET schedules name', 'GetSchedule'],
  ['DELETE schedules name', 'DeleteSchedule'],
  ['GET schedules', 'ListSchedules'],
  ['POST schedule-groups name', 'CreateScheduleGroup'],
  ['GET schedule-groups name', 'GetScheduleGroup'],
  ['DELETE schedule-groups name', 'DeleteScheduleGroup'],
  ['GET schedule-groups', 'ListScheduleGroups'],
]);

const PAGE = 100;

const routeOf = (call: Call): { route: string; name: string } => {
  const [, kind = '', name = ''] = /^\/([^/]+)\/?([^/]*)$/.exec(call.path) ?? [];
  return { route: [call.method, kind, ...(name === '' ? [] : ['name'])].join(' '), name: decodeURIComponent(name) };
};

const answerJson = (body: object): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const missing = (what: string): AwsError => new AwsError('ResourceNotFoundException', 404, `${what} does not exist.`);
const conflict = (what: string): AwsError => new AwsError('ConflictException', 409, `${what} already exists.`);

/** EventBridge Scheduler over its REST protocol. Runs are made by the clock after `start`, or by `step`. */
export class SchedulerService implements Service {
  readonly #schedules: Schedules;
  readonly #now: () => number;

  constructor(config: SchedulerConfig) {
    this.#schedules = new Schedules(config);
    this.#now = config.now;
  }

  /** Idempotent; schedules in the group stay. */
  createGroup(name: string): { arn: string } {
    this.#schedules.store.putGroup(name, this.#now());
    return { arn: this.#schedules.groupArn(name) };
  }

  /** A schedule of the template: takes the place of an earlier one, so that a rate runs at once at every start. */
  createSchedule(definition: z.input<typeof ScheduleDefinition>): { arn: string } {
    const schedule = parseInput(ScheduleDefinition, definition, 'ValidationException');
    this.#schedules.put(schedule, undefined, this.#now());
    return { arn: this.#schedules.arn(schedule.GroupName, schedule.Name) };
  }

  /** From now on the clock makes the runs; call it when the targets are ready. */
  start(): void {
    this.#schedules.start();
  }

  /** The clock was moved: what became due runs now. */
  wake(): void {
    this.#schedules.wake();
  }

  /** What an enabled schedule of the first hundred sends to this target; undefined when none does. */
  inputFor(targetArn: string): string | undefined {
    const found = this.#schedules.store
      .list('', '', '', PAGE)
      .find(({ definition }) => definition.Target.Arn === targetArn && definition.State === 'ENABLED');
    return found === undefined ? undefined : (found.definition.Target.Input ?? '{}');
  }

  /** Makes every run that is due at `now`; ends when they are delivered or given up. */
  step(now: number): Promise<void> {
    return this.#schedules.step(now);
  }

  operation(call: Call): Operation {
    const { route } = routeOf(call);
    const operation = operations.get(route);
    if (operation === undefined) throw notBuilt('Scheduler', route);
    return operation;
  }

  permissions(call: Call): Permission[] {
    const operation = this.operation(call);
    const { name } = routeOf(call);
    const action = `scheduler:${operation}`;
    switch (operation) {
      case 'CreateSchedule':
      case 'UpdateSchedule': {
        const { GroupName, Name, Target } = this.#definition(call);
        const passed = { 'iam:PassedToService': ['scheduler.amazonaws.com'] };
        return [
          { action, resource: this.#schedules.arn(GroupName, Name) },
          { action: 'iam:PassRole', resource: Target.RoleArn, context: passed },
        ];
      }
      case 'GetSchedule':
      case 'DeleteSchedule':
        return [{ action, resource: this.#schedules.arn(call.query.get('groupName') ?? 'default', name) }];
      case 'ListSchedules':
        return [{ action, resource: this.#schedules.arn(call.query.get('ScheduleGroup') ?? '*', '*') }];
      case 'ListScheduleGroups':
        return [{ action, resource: this.#schedules.groupArn('*') }];
      default:
        return [{ action, resource: this.#schedules.groupArn(name) }];
    }
  }

  async answer(call: Call): Promise<Answer> {
    const operation = this.operation(call);
    const { name } = routeOf(call);
    const group = call.query.get('groupName') ?? 'default';
    switch (operation) {
      case 'CreateSchedule':
        return this.#create(call);
      case 'UpdateSchedule':
        return this.#update(call);
      case 'GetSchedule':
        return answerJson(this.#shown(this.#find(group, name)));
      case 'DeleteSchedule':
        if (!this.#schedules.store.remove(group, name)) throw missing(`Schedule ${name}`);
        return answerJson({});
      case 'ListSchedules':
        return this.#list(call.query);
      default:
        return this.#answerGroup(operation, name);
    }
  }

  async close(): Promise<void> {
    this.#schedules.close();
  }

  #definition(call: Call): ScheduleDefinition {
    const body = Object.assign({}, jsonBody(call), { Name: routeOf(call).name });
    return parseInput(ScheduleDefinition, body, 'ValidationException');
  }

  #find(group: string, name: string): StoredSchedule {
    const schedule = this.#schedules.store.find(group, name);
    if (schedule === undefined) throw missing(`Schedule ${name}`);
    return schedule;
  }

  #create(call: Call): Answer {
    const definition = this.#definition(call);
    const { ClientToken: token } = parseInput(ClientToken, jsonBody(call), 'ValidationException');
    const { GroupName, Name } = definition;
    const existing = this.#schedules.store.find(GroupName, Name);
    if (existing === undefined) this.#schedules.put(definition, token, this.#now());
    else if (token === undefined || existing.client_token !== token) throw conflict(`Schedule ${Name}`);
    else if (!isDeepStrictEqual(existing.definition, definition))
      throw conflict(`Schedule ${Name} of this ClientToken`);
    return answerJson({ ScheduleArn: this.#schedules.arn(GroupName, Name) });
  }

  #update(call: Call): Answer {
    const definition = this.#definition(call);
    const { GroupName, Name } = definition;
    this.#schedules.put(definition, undefined, this.#find(GroupName, Name).created_at);
    return answerJson({ ScheduleArn: this.#schedules.arn(GroupName, Name) });
  }

  #shown({ definition, created_at, modified_at }: StoredSchedule): object {
    const Arn = this.#schedules.arn(definition.GroupName, definition.Name);
    return { Arn, ...definition, CreationDate: created_at / 1000, LastModificationDate: modified_at / 1000 };
  }

  #list(query: URLSearchParams): Answer {
    const max = Math.min(PAGE, Number(query.get('MaxResults') ?? PAGE));
    const after = Buffer.from(query.get('NextToken') ?? '', 'base64url').toString('utf8');
    const found = this.#schedules.store.list(
      query.get('ScheduleGroup') ?? '',
      query.get('NamePrefix') ?? '',
      after,
      max,
    );
    const last = found.length < max ? undefined : found.at(-1)?.definition;
    const state = query.get('State');
    return answerJson({
      Schedules: found
        .filter(({ definition }) => state === null || definition.State === state)
        .map(({ definition: { GroupName, Name, State, Target }, created_at, modified_at }) => ({
          Arn: this.#schedules.arn(GroupName, Name),
          ...{ GroupName, Name, State, Target: { Arn: Target.Arn } },
          ...{ CreationDate: created_at / 1000, LastModificationDate: modified_at / 1000 },
        })),
      ...(last === undefined ? {} : { NextToken: Buffer.from(`${last.GroupName}/${last.Name}`).toString('base64url') }),
    });
  }

  #answerGroup(operation: Extract<Operation, `${string}ScheduleGroup${string}`>, name: string): Answer {
    const { store } = this.#schedules;
    const shown = (group: { name: string; created_at: number }) => ({
      ...{ Arn: this.#schedules.groupArn(group.name), Name: group.name, State: 'ACTIVE' },
      CreationDate: group.created_at / 1000,
    });
    if (operation === 'ListScheduleGroups') return answerJson({ ScheduleGroups: store.groups().map(shown) });
    const group = store.group(name);
    switch (operation) {
      case 'CreateScheduleGroup':
        if (group !== undefined) throw conflict(`Schedule group ${name}`);
        return answerJson({ ScheduleGroupArn: this.createGroup(name).arn });
      case 'GetScheduleGroup':
        if (group === undefined) throw missing(`Schedule group ${name}`);
        return answerJson(shown(group));
      case 'DeleteScheduleGroup':
        if (group === undefined) throw missing(`Schedule group ${name}`);
        store.removeGroup(name);
        return answerJson({});
    }
  }
}
