import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Confinement } from '../../lambda/confinement.ts';
import { endStaleEnvironments } from '../../lambda/environment-folder.ts';
import { FunctionLog } from '../../lambda/function-log.ts';
import { AwsError, notBuilt } from '../aws-error.ts';
import { jsonAnswer, jsonBody, parseInput, targetOf } from '../json-call.ts';
import type { Answer, Call, Permission, Place, Service } from '../service.ts';
import type { TaskDefinition } from './definitions.ts';
import { DescribeTasks, Operation, RunTask, StopTask } from './inputs.ts';
import { Task } from './task.ts';

export type EcsConfig = {
  stateDir: string;
  place: Place;
  clock: Clock;
  imagePath: string;
  confinement?: Confinement;
  maxLogBytes?: number;
};

/** An event as EventBridge carries it. */
export type TaskEvent = { source: 'aws.ecs'; 'detail-type': string; detail: Record<string, unknown> } & Record<
  string,
  unknown
>;

const TARGET = 'AmazonEC2ContainerServiceV20141113.';
/** Stopped tasks are told of for a while. */
const MOST_KEPT = 500;
const DEFAULT_LOG_BYTES = 4 * 1024 * 1024;

/** ECS with Fargate: a task is a process, its changes of state are events. Tasks end with this cloud. */
export class EcsService implements Service {
  readonly #config: EcsConfig;
  readonly #clusters = new Set<string>();
  readonly #definitions = new Map<string, TaskDefinition>();
  readonly #tasks = new Map<string, Task>();
  readonly #tokens = new Map<string, { request: string; task: Task }>();
  readonly #logs = new Map<string, FunctionLog>();
  #listener: (event: TaskEvent) => void = () => {};

  constructor(config: EcsConfig) {
    this.#config = config;
    endStaleEnvironments(this.#folder);
  }

  defineCluster(arn: string): void {
    this.#clusters.add(arn);
  }

  defineTask(definition: TaskDefinition): void {
    this.#definitions.set(definition.arn, definition);
    const name = definition.arn.split('/').at(-1)?.replace(/:\d+$/, '') ?? 'task';
    const file = join(this.#config.stateDir, 'logs', `task-${name}.log`);
    this.#logs.set(definition.arn, new FunctionLog(file, this.#config.maxLogBytes ?? DEFAULT_LOG_BYTES));
  }

  /** Told of every change of state of every task. */
  onEvent(listener: (event: TaskEvent) => void): void {
    this.#listener = listener;
  }

  /** Events are lost until the answer is called. */
  mute(): () => void {
    const listener = this.#listener;
    this.#listener = () => {};
    return () => {
      this.#listener = listener;
    };
  }

  /** Tasks that run or ran not long ago, in the order they were started. */
  known(): Task[] {
    return [...this.#tasks.values()];
  }

  /** Tasks that run, in the order they were started. */
  running(): Task[] {
    return this.known().filter((task) => task.lastStatus === 'RUNNING');
  }

  operation(call: Call): Operation {
    const target = call.headers['x-amz-target'] ?? '';
    const operation = Operation.safeParse(targetOf(call));
    if (target.startsWith(TARGET) && operation.success) return operation.data;
    throw notBuilt('ECS', targetOf(call));
  }

  permissions(call: Call): Permission[] {
    const operation = this.operation(call);
    if (operation === 'RunTask') return this.#runPermissions(call);
    const { cluster } = operation === 'StopTask' ? this.#input(StopTask, call) : this.#input(DescribeTasks, call);
    const tasks =
      operation === 'StopTask' ? [this.#input(StopTask, call).task] : this.#input(DescribeTasks, call).tasks;
    return tasks.map((resource) => ({ action: `ecs:${operation}`, resource, context: { 'ecs:cluster': [cluster] } }));
  }

  async answer(call: Call): Promise<Answer> {
    switch (this.operation(call)) {
      case 'RunTask':
        return jsonAnswer('1.1', { tasks: [this.#run(this.#input(RunTask, call)).describe()], failures: [] });
      case 'StopTask': {
        const { task: arn, reason } = this.#input(StopTask, call);
        const task = this.#tasks.get(arn);
        if (task === undefined)
          throw new AwsError('InvalidParameterException', 400, 'The referenced task was not found.');
        task.stop({ code: 'UserInitiated', reason: reason ?? 'Task stopped by user' });
        return jsonAnswer('1.1', { task: task.describe() });
      }
      case 'DescribeTasks': {
        const { tasks } = this.#input(DescribeTasks, call);
        const found = tasks.flatMap((arn) => this.#tasks.get(arn)?.describe() ?? []);
        const failures = tasks.filter((arn) => !this.#tasks.has(arn)).map((arn) => ({ arn, reason: 'MISSING' }));
        return jsonAnswer('1.1', { tasks: found, failures });
      }
    }
  }

  /** Kills every task and waits until they are gone. Nobody is told. */
  async close(): Promise<void> {
    this.#listener = () => {};
    const running = this.running();
    for (const task of running) task.kill();
    await Promise.all(running.map((task) => task.ended));
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }

  get #folder(): string {
    return join(this.#config.stateDir, 'tasks');
  }

  /** What starting a task asks for: the task itself, and the roles that are handed over with it. */
  #runPermissions(call: Call): Permission[] {
    const { cluster, taskDefinition } = this.#input(RunTask, call);
    const definition = this.#definitions.get(taskDefinition);
    const roles = [definition?.executionRoleArn, definition?.taskRoleArn].filter((arn) => arn !== undefined);
    return [
      { action: 'ecs:RunTask', resource: taskDefinition, context: { 'ecs:cluster': [cluster] } },
      ...roles.map((resource) => ({
        action: 'iam:PassRole',
        resource,
        context: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] },
      })),
    ];
  }

  #run(input: RunTask): Task {
    const request = JSON.stringify(input);
    const known = input.clientToken === undefined ? undefined : this.#tokens.get(input.clientToken);
    if (known !== undefined) {
      if (known.request === request) return known.task;
      throw new AwsError('ConflictException', 400, 'The client token was used for another request.');
    }
    const task = this.#start(input);
    if (input.clientToken !== undefined) this.#tokens.set(input.clientToken, { request, task });
    return task;
  }

  #start(input: RunTask): Task {
    const { place, clock, imagePath, confinement } = this.#config;
    const definition = this.#definitions.get(input.taskDefinition);
    const log = this.#logs.get(input.taskDefinition);
    if (!this.#clusters.has(input.cluster)) throw new AwsError('ClusterNotFoundException', 400, 'Cluster not found.');
    if (definition === undefined || log === undefined)
      throw new AwsError('ClientException', 400, 'TaskDefinition not found.');
    const cluster = input.cluster.split('/').at(-1) ?? '';
    const task = new Task({
      definition,
      input,
      arn: `arn:aws:ecs:${place.region}:${place.accountId}:task/${cluster}/${randomBytes(16).toString('hex')}`,
      clusterArn: input.cluster,
      folder: this.#folder,
      imagePath,
      confinement,
      log,
      now: clock.now,
      aheadMs: clock.aheadMs,
      region: place.region,
    });
    this.#tasks.set(task.arn, task);
    this.#forgetOld();
    this.#tell(task);
    void task.ended.then(() => this.#tell(task));
    return task;
  }

  #forgetOld(): void {
    for (const [arn, task] of this.#tasks) {
      if (this.#tasks.size <= MOST_KEPT) return;
      if (task.lastStatus === 'STOPPED') this.#tasks.delete(arn);
    }
  }

  #tell(task: Task): void {
    const { place, clock } = this.#config;
    this.#listener({
      version: '0',
      id: randomUUID(),
      'detail-type': 'ECS Task State Change',
      source: 'aws.ecs',
      account: place.accountId,
      time: new Date(clock.now()).toISOString(),
      region: place.region,
      resources: [task.arn],
      detail: task.detail(),
    });
  }

  #input<T extends Parameters<typeof parseInput>[0]>(schema: T, call: Call) {
    return parseInput(schema, jsonBody(call), 'InvalidParameterException');
  }
}
