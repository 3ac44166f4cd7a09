import { join } from 'node:path';
import { AwsError, notBuilt } from '../services/aws-error.ts';
import type { Answer, Call, Permission, Service } from '../services/service.ts';
import { AsyncInvoker } from './async-invoker.ts';
import type { FunctionDefinition, InvokeRecord } from './definitions.ts';
import { endStaleEnvironments } from './environment-folder.ts';
import { frameStream, invokeComplete, payloadChunk } from './event-stream.ts';
import { FunctionPool } from './function-pool.ts';
import { type InvokeResponse, type Invoker, wholeBody } from './invoke-response.ts';
import {
  type InvokeListener,
  type LambdaConfig,
  MAX_ASYNC_PAYLOAD_BYTES,
  MAX_SYNC_PAYLOAD_BYTES,
} from './lambda-config.ts';
import { Machine } from './machine.ts';

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const INVOKE_STREAM = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/;
const MAX_ENVIRONMENTS = 96;

type Target = { operation: 'Invoke' | 'InvokeWithResponseStream'; pool: FunctionPool };

const invalid = (message: string): AwsError => new AwsError('InvalidParameterValueException', 400, message);

const checkSize = (payload: Buffer, limitBytes: number): void => {
  if (payload.length <= limitBytes) return;
  const message = `${payload.length} byte payload is too large for the operation (limit ${limitBytes} bytes)`;
  throw new AwsError('RequestTooLargeException', 413, message);
};

/** A function's name out of a name, `name:qualifier`, partial or full ARN. */
const nameOf = (reference: string): string => {
  const parts = reference.split(':');
  const marker = parts.indexOf('function');
  return (marker >= 0 ? parts[marker + 1] : parts[0]) ?? reference;
};

/** AWS Lambda's invoke side: functions of the template run as child processes of AWS's own runtime client. */
export class LambdaService implements Service, Invoker {
  readonly #config: LambdaConfig;
  readonly #machine: Machine;
  readonly #pools = new Map<string, FunctionPool>();
  readonly #listeners = new Set<InvokeListener>();
  readonly #async: AsyncInvoker;
  #closing: Promise<unknown> | undefined;

  /** Ends environments that an earlier, killed local cloud left in the same state folder. */
  constructor(config: LambdaConfig, report: (line: string) => void = () => {}) {
    this.#config = config;
    this.#machine = new Machine(config.maxEnvironments ?? MAX_ENVIRONMENTS);
    this.#async = new AsyncInvoker(this, config.asyncRetryMs, report, config.clock);
    endStaleEnvironments(join(config.stateDir, 'env'));
  }

  defineFunction(definition: FunctionDefinition): void {
    if (this.#pools.has(definition.name)) throw new Error(`function ${definition.name} is defined twice`);
    const tell = (record: InvokeRecord): void => {
      for (const listener of this.#listeners) listener(record);
    };
    this.#pools.set(definition.name, new FunctionPool(definition, this.#config, this.#machine, tell));
  }

  /** Tells of every invocation once it is over. Answers the way to stop listening. */
  onInvoke(listener: InvokeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kills one environment of a function, or all of them, in the middle of whatever they do. */
  async killEnvironment(functionName: string, environment?: string): Promise<void> {
    await this.#pool(functionName).kill(environment);
  }

  /** Invocations of a function that run or wait for an environment. */
  load(functionName: string): number {
    return this.#pool(functionName).load;
  }

  async invoke(functionName: string, payload: Buffer, options?: { tenantId?: string }): Promise<InvokeResponse> {
    const pool = this.#pool(functionName);
    this.#checkTenant(pool, options?.tenantId);
    checkSize(payload, MAX_SYNC_PAYLOAD_BYTES);
    return pool.invoke(payload, options?.tenantId);
  }

  /** Accepts an event as `InvocationType: Event` does: two retries, throttling waited out. For Scheduler targets too. */
  async invokeAsync(functionName: string, payload: Buffer, options?: { tenantId?: string }): Promise<void> {
    this.#checkTenant(this.#pool(functionName), options?.tenantId);
    checkSize(payload, MAX_ASYNC_PAYLOAD_BYTES);
    this.#async.accept(functionName, payload, options);
  }

  operation(call: Call): string {
    return this.#target(call).operation;
  }

  permissions(call: Call): Permission[] {
    return [{ action: 'lambda:InvokeFunction', resource: this.#target(call).pool.definition.arn }];
  }

  async answer(call: Call): Promise<Answer> {
    const { operation, pool } = this.#target(call);
    const tenantId = call.headers['x-amz-tenant-id'];
    const options = tenantId === undefined ? {} : { tenantId };
    const { name } = pool.definition;
    const type = call.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
    if (type === 'Event' && operation === 'Invoke') {
      await this.invokeAsync(name, call.body, options);
      return { status: 202, headers: {}, body: '' };
    }
    const payload = call.body.length === 0 ? Buffer.from('{}') : call.body;
    const response = await this.invoke(name, payload, options);
    return operation === 'Invoke' ? buffered(response) : streamed(response);
  }

  /** Kills all environments; a second close waits for the first. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#async.close(), ...[...this.#pools.values()].map((pool) => pool.close())]);
    return this.#closing.then(() => {});
  }

  #target(call: Call): Target {
    const invoke = INVOKE.exec(call.path);
    const reference = (invoke ?? INVOKE_STREAM.exec(call.path))?.[1];
    if (call.method !== 'POST' || reference === undefined) throw notBuilt('lambda', `${call.method} ${call.path}`);
    const pool = this.#pool(decodeURIComponent(reference));
    return { operation: invoke === null ? 'InvokeWithResponseStream' : 'Invoke', pool };
  }

  #pool(reference: string): FunctionPool {
    const pool = this.#pools.get(nameOf(reference));
    if (pool === undefined) throw new AwsError('ResourceNotFoundException', 404, `Function not found: ${reference}`);
    return pool;
  }

  #checkTenant(pool: FunctionPool, tenantId: string | undefined): void {
    const { name, tenancy } = pool.definition;
    if (tenancy === undefined && tenantId !== undefined) throw invalid(`Function ${name} has no tenant isolation`);
    if (tenancy !== undefined && tenantId === undefined) throw invalid(`Function ${name} needs a tenant id`);
    if (tenantId !== undefined && !/^[a-zA-Z0-9._:/=+\-@ ]{1,256}$/.test(tenantId))
      throw invalid('Malformed tenant id');
  }
}

const VERSION = { 'x-amz-executed-version': '$LATEST' };

const buffered = async (response: InvokeResponse): Promise<Answer> => {
  const { body, failure } = await wholeBody(response, MAX_SYNC_PAYLOAD_BYTES);
  const failed = failure === undefined ? {} : { 'x-amz-function-error': 'Unhandled' };
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': response.requestId };
  return { status: 200, headers: { ...headers, ...VERSION, ...failed }, body };
};

const streamed = (response: InvokeResponse): Answer => {
  const headers = {
    'content-type': 'application/vnd.amazon.eventstream',
    'x-amzn-requestid': response.requestId,
    ...VERSION,
  };
  switch (response.kind) {
    case 'stream':
      return { status: 200, headers, body: frameStream(response) };
    case 'buffered':
      return { status: 200, headers, body: Buffer.concat([payloadChunk(response.body), invokeComplete()]) };
    case 'failed':
      return { status: 200, headers, body: invokeComplete(response.failure) };
  }
};
