import type { Readable } from 'node:stream';
import type { InvokeFailure } from '../lambda/invoke-response.ts';

/** A request as an origin gets it. Header names are lower case, repeated headers joined by commas. */
export type OriginRequest = {
  method: string;
  /** Undecoded, without the query. */
  path: string;
  /** Undecoded, without the question mark. */
  query: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Who called the origin: CloudFront, for what comes through the front door. */
  sourceIp: string;
};

/** A live body: ends with a failure when the function broke off, and then the connection to the viewer is cut. */
export type LiveBody = { first: Buffer; rest: Readable; failure: Promise<InvokeFailure | undefined> };

export type OriginResponse = {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer | Readable | LiveBody;
};

/** What stands behind a behaviour. */
export interface OriginHandler {
  /** A request body above this is answered by `tooLarge` unread. */
  maxBodyBytes: number;
  tooLarge(): OriginResponse;
  answer(request: OriginRequest): Promise<OriginResponse>;
}

export const jsonResponse = (status: number, body: unknown): OriginResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
});

/** Reads a live answer to its end for nobody, so that the function behind it is not held up. */
export const discard = ({ body }: OriginResponse): void => {
  if (Buffer.isBuffer(body)) return;
  const stream = 'rest' in body ? body.rest : body;
  stream.on('error', () => {});
  stream.resume();
};

/** Resolves with what `work` gives, or with `late()` after `ms`; `work` goes on by itself then, and its answer is discarded. */
export const within = async (
  ms: number,
  work: Promise<OriginResponse>,
  late: () => OriginResponse,
): Promise<OriginResponse> => {
  const { promise, resolve } = Promise.withResolvers<OriginResponse>();
  const timer = setTimeout(() => {
    resolve(late());
    work.then(discard, () => {});
  }, ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
