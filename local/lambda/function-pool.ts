import { randomUUID } from 'node:crypto';
import { AwsError } from '../services/aws-error.ts';
import type { FunctionDefinition, InvokeRecord } from './definitions.ts';
import { Environment, type EnvironmentOwner } from './environment.ts';
import { FunctionLog } from './function-log.ts';
import type { InvokeFailure, InvokeResponse } from './invoke-response.ts';
import type { InvokeListener, LambdaConfig } from './lambda-config.ts';
import type { Evictable, Machine } from './machine.ts';
import { isWorthWaiting, LOOK_AGAIN_MS, type Load } from './patience.ts';

type Waiter = {
  requestId: string;
  payload: Buffer;
  tenantId: string | undefined;
  since: number;
  resolve: (response: InvokeResponse) => void;
};

const AVERAGED_OVER = 8;
const DEFAULT_IDLE_MS = 5 * 60_000;
const DEFAULT_LOG_BYTES = 4 * 1024 * 1024;

const throttled = (): AwsError =>
  new AwsError('TooManyRequestsException', 429, 'Rate Exceeded: the reserved concurrency of the function is used up');

/** The environments of one function: reused warm, newest first; started on demand, and for one tenant each. */
export class FunctionPool implements EnvironmentOwner {
  readonly definition: FunctionDefinition;
  readonly #config: LambdaConfig;
  readonly #machine: Machine;
  readonly #listener: InvokeListener;
  readonly #log: FunctionLog;
  readonly #environments = new Set<Environment>();
  /** Most recently used last. */
  readonly #idle: Environment[] = [];
  readonly #busy = new Set<Environment>();
  readonly #ready = new WeakSet<Environment>();
  readonly #idleTimer: NodeJS.Timeout;
  #waiters: Waiter[] = [];
  #patience: NodeJS.Timeout | undefined;
  /** Of the last invocations, decaying. */
  #averageMs = 0;
  #closed = false;

  constructor(definition: FunctionDefinition, config: LambdaConfig, machine: Machine, listener: InvokeListener) {
    this.definition = definition;
    this.#config = config;
    this.#machine = machine;
    this.#listener = listener;
    const file = `${config.stateDir}/logs/${definition.name}.log`;
    this.#log = new FunctionLog(file, config.maxLogBytes ?? DEFAULT_LOG_BYTES);
    const idleMs = config.idleMs ?? DEFAULT_IDLE_MS;
    this.#idleTimer = setInterval(() => this.#endIdle(idleMs), Math.max(50, idleMs / 10));
    this.#idleTimer.unref();
    machine.join(this);
  }

  /** Rejects with 429 when the reserved concurrency is used up; waits when only this machine is. */
  invoke(payload: Buffer, tenantId: string | undefined): Promise<InvokeResponse> {
    const { reservedConcurrency } = this.definition;
    if (this.#closed) return Promise.reject(new AwsError('ServiceException', 503, 'the local cloud is stopping'));
    const active = this.#waiters.length + this.#busy.size;
    if (reservedConcurrency !== undefined && active >= reservedConcurrency) return Promise.reject(throttled());
    return new Promise((resolve) => {
      const since = performance.now();
      this.#waiters.push({ requestId: randomUUID(), payload, tenantId, since, resolve });
      this.match();
    });
  }

  /** Gives waiting events to idle environments and starts new ones where patience has run out. */
  match(): void {
    if (this.#waiters.length === 0) return;
    if (this.#idle.length > 0) this.#waiters = this.#waiters.filter((waiter) => !this.#assign(waiter));
    const now = performance.now();
    const loads = this.#loads();
    const covered = new Map<string | undefined, number>();
    for (const { tenantId, since } of this.#waiters) {
      const load = loads.get(tenantId) ?? { starting: 0, busy: 0, freedAt: 0 };
      const coming = covered.get(tenantId) ?? load.starting;
      if (coming > 0) covered.set(tenantId, coming - 1);
      else if (isWorthWaiting(load, since, this.#averageMs, now)) this.#lookAgain();
      else if (!this.#start(tenantId)) return;
      else loads.set(tenantId, { ...load, starting: load.starting + 1 });
    }
  }

  onFree(environment: Environment): void {
    this.#busy.delete(environment);
    this.#idle.push(environment);
    this.#startIsOver(environment);
    this.match();
    this.#machine.freed();
  }

  onGone(environment: Environment, initFailure: InvokeFailure | undefined): void {
    this.#environments.delete(environment);
    this.#busy.delete(environment);
    const index = this.#idle.indexOf(environment);
    if (index >= 0) this.#idle.splice(index, 1);
    if (initFailure !== undefined) this.#failWaiter(environment.tenantId, initFailure);
    this.#startIsOver(environment);
    this.#machine.gone();
  }

  onRecord(record: InvokeRecord): void {
    this.#averageMs += (record.durationMs - this.#averageMs) / AVERAGED_OVER;
    this.#listener(record);
  }

  oldestIdle(): Evictable | undefined {
    const environment = this.#idle[0];
    if (environment === undefined) return undefined;
    return { idleSince: environment.idleSince, evict: () => this.#evict(environment) };
  }

  /** Invocations that run or wait. */
  get load(): number {
    return this.#waiters.length + this.#busy.size;
  }

  /** Kills one environment, or every one, as a crash of it. Their running invocations fail. */
  async kill(id?: string): Promise<void> {
    const killed = [...this.#environments].filter((environment) => id === undefined || environment.id === id);
    for (const environment of killed) {
      const index = this.#idle.indexOf(environment);
      if (index >= 0) this.#idle.splice(index, 1);
    }
    await Promise.all(killed.map((environment) => environment.kill()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#idleTimer);
    clearTimeout(this.#patience);
    const waiters = this.#waiters;
    this.#waiters = [];
    const failure = { errorType: 'Sandbox.Stopped', payload: '{"errorMessage":"the local cloud is stopping"}' };
    for (const { resolve, requestId } of waiters) resolve({ kind: 'failed', requestId, failure });
    await this.kill();
    this.#log.close();
  }

  #startIsOver(environment: Environment): void {
    if (this.#ready.has(environment)) return;
    this.#ready.add(environment);
    this.#machine.started();
  }

  #loads(): Map<string | undefined, Load> {
    const loads = new Map<string | undefined, Load>();
    for (const { state, tenantId, idleSince } of this.#environments) {
      const load = loads.get(tenantId) ?? { starting: 0, busy: 0, freedAt: 0 };
      loads.set(tenantId, {
        starting: load.starting + Number(state === 'starting'),
        busy: load.busy + Number(state === 'busy'),
        freedAt: Math.max(load.freedAt, idleSince),
      });
    }
    return loads;
  }

  #assign(waiter: Waiter): boolean {
    const index = this.#idle.findLastIndex(({ tenantId }) => tenantId === waiter.tenantId);
    const [environment] = index < 0 ? [] : this.#idle.splice(index, 1);
    if (environment === undefined) return false;
    this.#busy.add(environment);
    environment.run({ requestId: waiter.requestId, payload: waiter.payload, answer: waiter.resolve });
    return true;
  }

  #lookAgain(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.match();
    }, LOOK_AGAIN_MS);
  }

  #start(tenantId: string | undefined): boolean {
    if (this.#closed || !this.#machine.admit()) return false;
    this.#environments.add(new Environment(this.definition, this.#config, this, this.#log, tenantId));
    return true;
  }

  #failWaiter(tenantId: string | undefined, failure: InvokeFailure): void {
    const index = this.#waiters.findIndex((waiter) => waiter.tenantId === tenantId);
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
    waiter?.resolve({ kind: 'failed', requestId: waiter.requestId, failure });
  }

  #evict(environment: Environment): void {
    const index = this.#idle.indexOf(environment);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    void environment.kill();
  }

  #endIdle(idleMs: number): void {
    const limit = performance.now() - idleMs;
    for (const environment of [...this.#idle]) if (environment.idleSince <= limit) this.#evict(environment);
  }
}
