import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Confinement, confined } from '../../lambda/confinement.ts';
import {
  type EnvironmentFolder,
  endEnvironmentFolder,
  killGroup,
  makeEnvironmentFolder,
  writePid,
} from '../../lambda/environment-folder.ts';
import type { TaskDefinition, TaskStop } from './definitions.ts';
import type { RunTask } from './inputs.ts';

export type TaskConfig = {
  definition: TaskDefinition;
  input: RunTask;
  arn: string;
  clusterArn: string;
  /** Where tasks have their folders. */
  folder: string;
  /** PATH of the stand-in for the image. */
  imagePath: string;
  confinement: Confinement | undefined;
  log: { fd: number };
  now: () => number;
  aheadMs: number;
  region: string;
};

/** One task: a process that plays its container. It has no credentials and no way to any service but HTTP. */
export class Task {
  readonly arn: string;
  readonly createdAt: number;
  startedAt: number | undefined;
  stoppedAt: number | undefined;
  readonly ended: Promise<void>;
  readonly #config: TaskConfig;
  readonly #folder: EnvironmentFolder;
  readonly #process: ChildProcess;
  readonly #ended = Promise.withResolvers<void>();
  #stop: TaskStop | undefined;
  #exitCode: number | undefined;
  #killer: NodeJS.Timeout | undefined;

  constructor(config: TaskConfig) {
    this.#config = config;
    this.arn = config.arn;
    this.createdAt = config.now();
    this.ended = this.#ended.promise;
    this.#folder = makeEnvironmentFolder(config.folder, randomUUID().slice(0, 13));
    this.#process = this.#spawn();
    this.#process.stdin?.on('error', () => {});
    if (this.#process.pid === undefined) this.#stop = { code: 'TaskFailedToStart', reason: 'no process' };
    else {
      this.startedAt = config.now();
      writePid(this.#folder, this.#process.pid);
    }
    this.#process.once('error', () => this.#end(null, null));
    this.#process.once('exit', (code, signal) => this.#end(code, signal));
  }

  get lastStatus(): 'RUNNING' | 'STOPPED' {
    return this.stoppedAt === undefined ? 'RUNNING' : 'STOPPED';
  }

  /** SIGTERM, and SIGKILL when its time to stop is over. */
  stop(reason: TaskStop): void {
    if (this.stoppedAt !== undefined) return;
    this.#stop ??= reason;
    this.#process.kill('SIGTERM');
    this.#killer ??= setTimeout(() => this.#kill(), this.#config.definition.stopTimeoutSeconds * 1000);
  }

  /** SIGKILL at once, as the kernel does that is out of memory. */
  kill(): void {
    this.#kill();
  }

  /** The task as the API tells it; times in seconds since 1970. */
  describe(): Record<string, unknown> {
    return { ...this.#facts(), ...this.#times((at) => at / 1000) };
  }

  /** The same as an event tells it, whose times are texts. */
  detail(): Record<string, unknown> {
    return { ...this.#facts(), ...this.#times((at) => new Date(at).toISOString()) };
  }

  #facts(): Record<string, unknown> {
    const { definition, input, clusterArn } = this.#config;
    const exit = this.#exitCode === undefined ? {} : { exitCode: this.#exitCode };
    return {
      taskArn: this.arn,
      clusterArn,
      taskDefinitionArn: definition.arn,
      containers: [{ name: definition.container, taskArn: this.arn, lastStatus: this.lastStatus, ...exit }],
      overrides: input.overrides,
      lastStatus: this.lastStatus,
      desiredStatus: this.#stop === undefined && this.lastStatus === 'RUNNING' ? 'RUNNING' : 'STOPPED',
      ...(input.startedBy === undefined ? {} : { startedBy: input.startedBy }),
      ...(this.#stop === undefined || this.stoppedAt === undefined
        ? {}
        : { stopCode: this.#stop.code, stoppedReason: this.#stop.reason }),
    };
  }

  #times<T>(written: (at: number) => T): Record<string, T> {
    const { createdAt, startedAt, stoppedAt } = this;
    const known = Object.entries({ createdAt, startedAt, stoppedAt });
    return Object.fromEntries(known.flatMap(([name, at]) => (at === undefined ? [] : [[name, written(at)]])));
  }

  #spawn(): ChildProcess {
    const { definition, confinement, log } = this.#config;
    const program = [
      process.execPath,
      `--max-old-space-size=${definition.memoryMb}`,
      join(definition.codeDir, definition.program),
    ];
    const [file = '', ...argv] = confinement === undefined ? program : confined(confinement, definition, program);
    const { work: cwd } = this.#folder;
    return spawn(file, argv, { cwd, env: this.#environment(), detached: true, stdio: ['pipe', log.fd, log.fd] });
  }

  #environment(): Record<string, string> {
    const { definition, input, imagePath, aheadMs, region } = this.#config;
    const overrides = input.overrides.containerOverrides.find(({ name }) => name === definition.container);
    return {
      PATH: imagePath,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: this.#folder.work,
      TMPDIR: this.#folder.tmp,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      MILLRACE_AHEAD_MS: String(aheadMs),
      ...definition.environment,
      ...Object.fromEntries((overrides?.environment ?? []).map(({ name, value }) => [name, value])),
    };
  }

  #kill(): void {
    if (this.#process.pid !== undefined) killGroup(this.#process.pid);
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.stoppedAt !== undefined) return;
    clearTimeout(this.#killer);
    this.#kill();
    this.#exitCode = code ?? (signal === null ? undefined : SIGNALLED[signal]);
    this.#stop ??= { code: 'EssentialContainerExited', reason: 'Essential container in task exited' };
    this.stoppedAt = this.#config.now();
    endEnvironmentFolder(this.#folder.root);
    this.#ended.resolve();
  }
}

const SIGNALLED: Partial<Record<NodeJS.Signals, number>> = { SIGKILL: 137, SIGTERM: 143, SIGSEGV: 139, SIGABRT: 134 };
