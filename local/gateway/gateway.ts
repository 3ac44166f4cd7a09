import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Policies } from '../iam/policies.ts';
import { AwsError, errorAnswer } from '../services/aws-error.ts';
import type { Answer, Call, Permission, Place, Service } from '../services/service.ts';
import { answerAdmin } from './admin.ts';
import { authorise } from './authorise.ts';
import { type Capacity, capacityOf } from './capacity.ts';
import type { Credentials, Holder } from './credentials.ts';
import { Faults } from './faults.ts';
import type { Forward } from './forward.ts';
import { Meter } from './meter.ts';
import { readRequest, type WireRequest } from './request.ts';
import { readScope, verifySignature } from './signature.ts';
import { CutConnection, strikeAfter, strikeBefore } from './strike.ts';
import { writeAnswer } from './write-answer.ts';

export type GatewayConfig = {
  /** By the service name of the signature's scope. More may be added until `listen`. */
  services: Record<string, Service>;
  /** Services that something else answers; IAM is still decided here. */
  forwards?: Record<string, Forward>;
  policies: Policies;
  credentials: Credentials;
  place: Place;
  /** Opens `/_millrace/**`. */
  adminKey: string;
  clock: Clock;
  /** The right without which a 404 of S3 is told as 403; see S3Service. */
  rightToLearnAbsence?: (call: Call) => Permission | undefined;
  /** Ends one environment of a function, or all where it is not known which, for the kill faults. */
  killEnvironment?: (name: string, environment: string | undefined) => void;
  /** Delivers every message once more that is being worked on. */
  redeliver?: () => void;
  /** Told about every error that is nobody's refusal. */
  onError?: (error: unknown, what: string) => void;
};

type Known = { call: Call; request: WireRequest; holder: Holder; operation: string; permissions: Permission[] };

/**
 * The one address every function talks to (`AWS_ENDPOINT_URL`). Each call is verified (SigV4), decided (IAM), struck by
 * the faults that match it, answered by its service, and metered; a call that fails one of these never reaches the service.
 */
export class Gateway {
  readonly meter = new Meter();
  readonly faults = new Faults();
  readonly #config: GatewayConfig;
  readonly #server: Server;
  readonly #uploads = new Map<string, (body: Buffer) => void>();

  constructor(config: GatewayConfig) {
    this.#config = config;
    this.#server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, (message, response) => {
      // the SDKs set their own clocks by it
      response.setHeader('date', new Date(config.clock.now()).toUTCString());
      this.#serve(message, response).catch((error: unknown) => {
        response.destroy();
        if (!(error instanceof CutConnection)) config.onError?.(error, `${message.method} ${message.url}`);
      });
    });
  }

  /** Listens on 127.0.0.1; port 0 takes a free one. Returns the URL for `AWS_ENDPOINT_URL`. */
  listen(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`);
      });
    });
  }

  /** A path that takes one PUT from anybody who knows it, as CloudFormation's presigned ResponseURL does. */
  expectUpload(): { path: string; body: Promise<Buffer>; forget: () => void } {
    const path = `/_millrace/upload/${randomUUID()}`;
    const body = new Promise<Buffer>((resolve) => this.#uploads.set(path, resolve));
    return { path, body, forget: () => this.#uploads.delete(path) };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message);
    if (request.path.startsWith('/_millrace/')) {
      await writeAnswer(response, this.#internal(request));
      return;
    }
    const query = new URLSearchParams(request.rawQuery);
    const call: Call = { service: '', query, ...request };
    try {
      const known = this.#admit(call, request);
      const answer = await this.#answer(known);
      answer.headers['x-amzn-requestid'] ??= randomUUID();
      await this.#finish(known, response, answer);
    } catch (error) {
      if (error instanceof CutConnection) throw error;
      await writeAnswer(response, this.#refusal(call, error));
    }
  }

  #admit(call: Call, request: WireRequest): Known {
    const scope = readScope(request.headers, call.query);
    call.service = scope.service;
    const found = this.#config.credentials.find(scope.accessKeyId);
    if (found === undefined) {
      throw scope.service === 's3'
        ? new AwsError('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.')
        : new AwsError('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
    }
    verifySignature(scope, request, found.secret, this.#config.clock.now());
    const service = this.#config.services[scope.service];
    if (service === undefined)
      throw new AwsError('NotImplemented', 501, `the local cloud has no service ${scope.service}`);
    const permissions = service.permissions(call);
    return { call, request, holder: found.holder, operation: service.operation(call), permissions };
  }

  async #answer(known: Known): Promise<Answer> {
    const { call, holder, operation, permissions } = known;
    const { policies, place } = this.#config;
    const traced = {
      function: holder.functionName,
      service: call.service,
      operation,
      resources: permissions.map((one) => one.resource),
    };
    const actions = this.faults.idle ? [] : this.faults.strike(traced);
    const kill = (): void => this.#config.killEnvironment?.(holder.functionName, holder.environment);
    try {
      authorise(holder, permissions, call.service, policies, place);
      if (actions.length > 0) await strikeBefore(actions, call.service, kill, this.#config.clock);
      if (actions.some((action) => action.kind === 'redeliver')) this.#config.redeliver?.();
      if (actions.some((action) => action.kind === 'duplicate')) await this.#act(known);
      const answer = await this.#act(known);
      if (actions.length > 0) strikeAfter(actions, kill);
      return answer;
    } catch (error) {
      this.#count(known, { errors: 1 });
      if (error instanceof AwsError && error.status === 404 && call.service === 's3') this.#mayLearnAbsence(known);
      throw error;
    }
  }

  async #act({ call, request }: Known): Promise<Answer> {
    const forward = this.#config.forwards?.[call.service];
    const answer = forward ? forward(call, request.rawQuery) : this.#config.services[call.service]?.answer(call);
    if (answer === undefined) throw new Error(`no service ${call.service}`);
    return await answer;
  }

  /** Throws AccessDenied instead of the 404 for a caller that may not list. */
  #mayLearnAbsence({ call, holder }: Known): void {
    const right = this.#config.rightToLearnAbsence?.(call);
    if (right !== undefined) authorise(holder, [right], call.service, this.#config.policies, this.#config.place);
  }

  async #finish(known: Known, response: ServerResponse, answer: Answer): Promise<void> {
    const capacity = capacityOf(answer);
    const bytesOut = await writeAnswer(response, answer);
    this.#count(known, { ...capacity, bytesOut, errors: answer.status >= 400 ? 1 : 0 });
  }

  #count(known: Known, usage: Partial<Capacity> & { bytesOut?: number; errors: number }): void {
    const { call, holder, operation } = known;
    const measured = { bytesIn: call.body.length, ...usage };
    this.meter.count(holder.functionName, `${call.service}:${operation}`, measured, call.headers['x-millrace-job']);
  }

  #refusal(call: Call, error: unknown): Answer {
    if (error instanceof AwsError) return errorAnswer(call, error);
    this.#config.onError?.(error, `${call.service} ${call.method} ${call.path}`);
    return errorAnswer(
      call,
      new AwsError('InternalFailure', 500, 'The request processing has failed because of an unknown error.'),
    );
  }

  #internal(request: WireRequest): Answer {
    const upload = this.#uploads.get(request.path);
    if (upload === undefined || request.method !== 'PUT') {
      const { adminKey, clock } = this.#config;
      return answerAdmin(request, adminKey, { meter: this.meter, faults: this.faults, clock });
    }
    this.#uploads.delete(request.path);
    upload(request.body);
    return { status: 200, headers: {}, body: '' };
  }
}
