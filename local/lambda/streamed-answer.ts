import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { type InvokeFailure, type InvokeResponse, tooLarge } from './invoke-response.ts';
import { limitStream, type StreamingLimits } from './streaming-limits.ts';

const trailerFailure = (request: IncomingMessage): InvokeFailure | undefined => {
  const errorType = request.trailers['lambda-runtime-function-error-type'];
  const body = request.trailers['lambda-runtime-function-error-body'];
  if (errorType === undefined) return undefined;
  return { errorType, payload: Buffer.from(body ?? '', 'base64').toString('utf8') };
};

/** A function's answer while it is being written: flows to the invoker as it comes, held back when he reads slowly. */
export class StreamedAnswer {
  readonly response: Extract<InvokeResponse, { kind: 'stream' }>;
  readonly #request: IncomingMessage;
  readonly #body: Transform;
  readonly #settle: (failure: InvokeFailure | undefined) => void;
  #over = false;

  /** `onWhole` is called when the function has written everything. */
  constructor(request: IncomingMessage, requestId: string, limits: StreamingLimits | undefined, onWhole: () => void) {
    const { promise, resolve } = Promise.withResolvers<InvokeFailure | undefined>();
    let excess: InvokeFailure | undefined;
    this.#request = request;
    this.#settle = resolve;
    this.#body = limitStream(limits, () => {
      excess = tooLarge(requestId, limits?.maxBytes ?? 0);
    });
    request.on('error', () => {});
    request.once('end', () => {
      this.#finish(trailerFailure(request) ?? excess);
      onWhole();
    });
    request.pipe(this.#body, { end: false });
    // a reader that left does not stop the function
    this.#body.once('close', () => request.resume());
    this.#body.on('error', () => {});
    this.response = {
      kind: 'stream',
      requestId,
      contentType: request.headers['content-type'] ?? 'application/octet-stream',
      body: this.#body,
      failure: promise,
    };
  }

  /** True once the function has written everything, or was cut. */
  get isOver(): boolean {
    return this.#over;
  }

  /** The function will write no more: what it has written is still delivered, then the answer ends with `failure`. */
  cut(failure: InvokeFailure): void {
    if (this.#request.closed) this.#finish(failure);
    else this.#request.once('close', () => this.#finish(failure));
  }

  #finish(failure: InvokeFailure | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle(failure);
    this.#body.end();
  }
}
