import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FunctionDefinition, InvokeRecord } from './definitions.ts';
import {
  type EnvironmentFolder,
  endEnvironmentFolder,
  killGroup,
  makeEnvironmentFolder,
  writePid,
} from './environment-folder.ts';
import { spawnEnvironment } from './environment-process.ts';
import {
  exited,
  type InvokeFailure,
  type InvokeResponse,
  reported,
  timedOut,
  tooLarge,
  truncated,
} from './invoke-response.ts';
import { type LambdaConfig, MAX_SYNC_PAYLOAD_BYTES } from './lambda-config.ts';
import { accept, type RuntimeListener, readPost, refuse, startRuntimeApi } from './runtime-api.ts';
import { StreamedAnswer } from './streamed-answer.ts';
import { AWS_STREAMING_LIMITS } from './streaming-limits.ts';

/** One event on its way to a function. `answer` is called exactly once. */
export type Work = {
  requestId: string;
  payload: Buffer;
  answer: (response: InvokeResponse) => void;
};

/** What an environment tells the pool that owns it. */
export interface EnvironmentOwner {
  /** It waits for work. */
  onFree(environment: Environment): void;
  /** It is gone for good; `initFailure` when it never came up. */
  onGone(environment: Environment, initFailure: InvokeFailure | undefined): void;
  onRecord(record: InvokeRecord): void;
}

type Running = Work & {
  startedAt: number;
  cold: boolean;
  timer: NodeJS.Timeout;
  answered: boolean;
  stream?: StreamedAnswer;
  error?: string;
};

const INIT_SECONDS = 10;
const LAST_WORDS_MS = 1000;

/**
 * One execution environment: a process that serves one invocation at a time, for one tenant only. It is thrown away
 * when it crashes or runs over its time.
 */
export class Environment implements RuntimeListener {
  readonly id = randomUUID().slice(0, 13);
  readonly tenantId: string | undefined;
  state: 'starting' | 'idle' | 'busy' | 'gone' = 'starting';
  /** When it became idle, milliseconds of the monotonic clock. */
  idleSince = 0;
  readonly #definition: FunctionDefinition;
  readonly #config: LambdaConfig;
  readonly #owner: EnvironmentOwner;
  readonly #log: { fd: number };
  readonly #folder: EnvironmentFolder;
  readonly #initTimer: NodeJS.Timeout;
  readonly #gone = Promise.withResolvers<void>();
  #server: Server | undefined;
  #process: ChildProcess | undefined;
  #held: ServerResponse | undefined;
  #running: Running | undefined;
  #used = false;
  #ready = false;
  #reason: InvokeFailure | undefined;

  constructor(
    definition: FunctionDefinition,
    config: LambdaConfig,
    owner: EnvironmentOwner,
    log: { fd: number },
    tenantId?: string,
  ) {
    this.#definition = definition;
    this.#config = config;
    this.#owner = owner;
    this.#log = log;
    this.tenantId = tenantId;
    const { id } = this;
    this.#folder = makeEnvironmentFolder(`${config.stateDir}/env`, id);
    const initSeconds = INIT_SECONDS + definition.timeoutSeconds;
    this.#initTimer = setTimeout(() => this.kill(timedOut(id, initSeconds)), initSeconds * 1000);
    void this.#start(id).catch((error: unknown) => this.#end(exited(id, 1, null), error));
  }

  async #start(id: string): Promise<void> {
    const { address, key, server } = await startRuntimeApi(this);
    this.#server = server;
    if (this.#reason !== undefined) return this.#end(this.#reason);
    const child = spawnEnvironment(this.#definition, this.#config, this.#folder, { address, key }, this.#log, id);
    this.#process = child;
    child.stdin?.on('error', () => {});
    child.once('error', (error) => this.#end(exited(id, 1, null), error));
    // a last answer may still be on its way through the socket
    child.once('exit', (code, signal) =>
      setImmediate(() => this.#end(this.#reason ?? exited(this.#running?.requestId ?? id, code, signal))),
    );
    if (child.pid !== undefined) writePid(this.#folder, child.pid);
  }

  /** Hands over an event; only while idle. */
  run(work: Work): void {
    const held = this.#held;
    if (held === undefined) throw new Error('the environment is not idle');
    this.#held = undefined;
    this.state = 'busy';
    const { timeoutSeconds, arn } = this.#definition;
    const aheadMs = this.#config.clock?.aheadMs ?? 0;
    const timer = setTimeout(() => this.kill(timedOut(work.requestId, timeoutSeconds)), timeoutSeconds * 1000);
    this.#running = { ...work, startedAt: performance.now(), cold: !this.#used, timer, answered: false };
    this.#used = true;
    held.writeHead(200, {
      'content-type': 'application/json',
      'content-length': work.payload.length,
      'lambda-runtime-aws-request-id': work.requestId,
      'lambda-runtime-deadline-ms': Date.now() + aheadMs + timeoutSeconds * 1000,
      'lambda-runtime-millrace-ahead-ms': aheadMs,
      'lambda-runtime-invoked-function-arn': arn,
      ...(this.tenantId === undefined ? {} : { 'lambda-runtime-aws-tenant-id': this.tenantId }),
    });
    held.end(work.payload);
  }

  /** SIGKILL to the whole process group; a running invocation fails with `reason`, or as a crash. Resolves when gone. */
  kill(reason?: InvokeFailure): Promise<void> {
    this.#reason ??= reason ?? exited(this.#running?.requestId ?? '-', null, 'killed');
    const pid = this.#process?.pid;
    if (pid !== undefined) killGroup(pid);
    return this.#gone.promise;
  }

  onNext(response: ServerResponse): void {
    this.#ready = true;
    clearTimeout(this.#initTimer);
    this.#held = response;
    const running = this.#running;
    if (running === undefined || (running.answered && running.stream?.isOver !== false)) this.#free();
    else if (!running.answered) this.#awaitLastWords(running);
  }

  onResponse(requestId: string, request: IncomingMessage, response: ServerResponse): void {
    const running = this.#current(requestId);
    if (running === undefined) refuse(response, requestId);
    else if (request.headers['lambda-runtime-function-response-mode'] === 'streaming')
      this.#stream(running, request, response);
    else void this.#readAnswer(running, request, response);
  }

  onError(requestId: string, request: IncomingMessage, response: ServerResponse): void {
    const running = this.#current(requestId);
    if (running === undefined) refuse(response, requestId);
    else void this.#readError(running, request, response);
  }

  onInitError(request: IncomingMessage, response: ServerResponse): void {
    void readPost(request).then((body) => {
      const payload = body?.toString('utf8') ?? '{}';
      this.#reason ??= reported(payload);
      accept(response);
    });
  }

  #stream(running: Running, request: IncomingMessage, response: ServerResponse): void {
    const { streamingLimits } = this.#config;
    const limits = streamingLimits === null ? undefined : (streamingLimits ?? AWS_STREAMING_LIMITS);
    running.stream = new StreamedAnswer(request, running.requestId, limits, () => {
      accept(response);
      if (this.#held !== undefined && this.#running === running) this.#free();
    });
    void running.stream.response.failure.then((failure) => this.#note(running, failure));
    this.#answer(running, running.stream.response);
  }

  async #readAnswer(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readPost(request);
    if (body === undefined) return;
    const { requestId } = running;
    if (body.length > MAX_SYNC_PAYLOAD_BYTES) this.#fail(running, tooLarge(requestId, MAX_SYNC_PAYLOAD_BYTES));
    else this.#answer(running, { kind: 'buffered', requestId, body });
    accept(response);
  }

  async #readError(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readPost(request);
    if (body === undefined) return;
    const payload = body.toString('utf8');
    this.#fail(running, reported(payload));
    accept(response);
  }

  /** After an error the runtime asks for more work beside its last words, which come on a connection of their own. */
  #awaitLastWords(running: Running): void {
    setTimeout(() => {
      if (this.#running === running && !running.answered) this.#free();
    }, LAST_WORDS_MS);
  }

  #free(): void {
    this.#settle(truncated);
    this.state = 'idle';
    this.idleSince = performance.now();
    this.#owner.onFree(this);
  }

  #current(requestId: string): Running | undefined {
    const running = this.#running;
    return running?.requestId === requestId && !running.answered ? running : undefined;
  }

  #answer(running: Running, response: InvokeResponse): void {
    if (running.answered) return;
    running.answered = true;
    running.answer(response);
  }

  #note(running: Running, failure: InvokeFailure | undefined): void {
    if (failure !== undefined) running.error ??= failure.errorType;
  }

  #fail(running: Running, failure: InvokeFailure): void {
    this.#note(running, failure);
    this.#answer(running, { kind: 'failed', requestId: running.requestId, failure });
  }

  /** Ends the running invocation; with `failure` if it has not (wholly) answered. */
  #settle(failure: InvokeFailure): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    clearTimeout(running.timer);
    if (!running.answered) this.#fail(running, failure);
    running.stream?.cut(failure);
    this.#owner.onRecord({
      functionName: this.#definition.name,
      requestId: running.requestId,
      ...(this.tenantId === undefined ? {} : { tenantId: this.tenantId }),
      durationMs: performance.now() - running.startedAt,
      cold: running.cold,
      ...(running.error === undefined ? {} : { error: running.error }),
    });
  }

  #end(failure: InvokeFailure, cause?: unknown): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    clearTimeout(this.#initTimer);
    if (this.#process?.pid !== undefined) killGroup(this.#process.pid);
    const crashed = this.#running !== undefined;
    if (this.#running !== undefined) this.#running.error ??= failure.errorType;
    this.#settle(failure);
    this.#server?.close();
    if (!crashed) this.#server?.closeAllConnections();
    endEnvironmentFolder(this.#folder.root);
    this.#gone.resolve();
    this.#owner.onGone(
      this,
      this.#ready
        ? undefined
        : cause instanceof Error
          ? { ...failure, payload: JSON.stringify({ errorMessage: cause.message }) }
          : failure,
    );
  }
}
