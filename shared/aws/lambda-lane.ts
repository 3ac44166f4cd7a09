import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
  LambdaClient,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import { type Lane, LaneFull, RunnerLost } from '../jobs/ports.ts';
import { Frame, type RunnerRequest } from '../model/runner.ts';

/** A frame's line is at most this long; the runner splits logs and results well below it. */
const MAX_LINE_CHARS = 4 * 1024 * 1024;

/** The default lane: a tenant-isolated Lambda without rights, whose frames come back on the response stream. */
export class LambdaLane implements Lane {
  readonly #lambda: LambdaClient;
  readonly #runner: string;

  constructor(runner: string) {
    // One attempt: a second invoke after a lost answer could run user code twice under one claim. No response time-out:
    // a silent job is not a dead one, and Lambda's own limit ends it.
    this.#lambda = new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: 0, socketTimeout: 0 } });
    this.#runner = runner;
  }

  async *run(request: RunnerRequest, tenant: string): AsyncIterable<Frame> {
    const abandon = new AbortController();
    const source = (await this.#invoke(request, tenant, abandon.signal))[Symbol.asyncIterator]();
    let ended = false;
    try {
      for await (const line of lines({ [Symbol.asyncIterator]: () => ({ next: () => source.next() }) })) {
        const frame = Frame.parse(JSON.parse(line));
        ended = frame.type === 'end';
        yield frame;
        if (ended) return;
      }
      throw new RunnerLost('its runner ended without saying how, possibly killed for memory');
    } finally {
      if (ended) void readToEnd(source);
      else abandon.abort();
    }
  }

  async #invoke(
    request: RunnerRequest,
    tenant: string,
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<InvokeWithResponseStreamResponseEvent>> {
    try {
      const { EventStream } = await this.#lambda.send(
        new InvokeWithResponseStreamCommand({
          FunctionName: this.#runner,
          TenantId: tenant,
          Payload: new TextEncoder().encode(JSON.stringify(request)),
        }),
        { abortSignal },
      );
      if (EventStream === undefined) throw new RunnerLost('its runner gave no answer');
      return EventStream;
    } catch (error) {
      if (error instanceof TooManyRequestsException)
        throw new LaneFull('the runner is at its concurrency limit', { cause: error });
      throw error;
    }
  }
}

/**
 * Takes what still comes after the last frame, while the caller goes on: a response that is not read to its end never gives
 * its connection back, and with the pool of connections used up every further invoke would wait for ever.
 */
const readToEnd = async (source: AsyncIterator<InvokeWithResponseStreamResponseEvent>): Promise<void> => {
  try {
    while ((await source.next()).done !== true);
  } catch {
    // The job's end is known: how the connection ends does not matter.
  }
};

/** The lines of a response stream as they arrive. Throws RunnerLost when the function failed or the stream broke. */
async function* lines(events: AsyncIterable<InvokeWithResponseStreamResponseEvent>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const event of events) {
      if (event.InvokeComplete?.ErrorCode !== undefined) throw new RunnerLost(functionError(event.InvokeComplete));
      const payload = event.PayloadChunk?.Payload;
      if (payload === undefined) continue;
      const parts = (rest + decoder.decode(payload, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > MAX_LINE_CHARS) throw new RunnerLost('its runner sent a frame that is too long');
      yield* parts.filter((part) => part !== '');
    }
  } catch (error) {
    throw error instanceof RunnerLost ? error : new RunnerLost('the connection to its runner broke', { cause: error });
  }
}

const functionError = (complete: { ErrorCode?: string | undefined; ErrorDetails?: string | undefined }): string =>
  `its runner failed (${complete.ErrorCode ?? 'unknown'}${complete.ErrorDetails === undefined ? '' : `: ${complete.ErrorDetails.slice(0, 500)}`})`;
