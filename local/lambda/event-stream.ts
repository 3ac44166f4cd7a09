import { Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { InvokeResponse } from './invoke-response.ts';

/** Code of a string value in the header block of `application/vnd.amazon.eventstream`. */
const STRING_HEADER = 7;
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;

const encodeHeaders = (headers: Record<string, string>): Buffer => {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const text = Buffer.from(value);
    const length = Buffer.alloc(3);
    length.writeUInt8(STRING_HEADER, 0);
    length.writeUInt16BE(text.length, 1);
    parts.push(Buffer.from([name.length]), Buffer.from(name), length, text);
  }
  return Buffer.concat(parts);
};

const message = (headers: Buffer, payload: Buffer): Buffer => {
  const total = PRELUDE_BYTES + headers.length + payload.length + CRC_BYTES;
  const bytes = Buffer.allocUnsafe(total);
  bytes.writeUInt32BE(total, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  headers.copy(bytes, PRELUDE_BYTES);
  payload.copy(bytes, PRELUDE_BYTES + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, total - CRC_BYTES)), total - CRC_BYTES);
  return bytes;
};

const eventHeaders = (type: string, contentType: string): Buffer =>
  encodeHeaders({ ':event-type': type, ':content-type': contentType, ':message-type': 'event' });

const PAYLOAD_CHUNK = eventHeaders('PayloadChunk', 'application/octet-stream');
const INVOKE_COMPLETE = eventHeaders('InvokeComplete', 'application/json');

/** One piece of a function's answer, framed. */
export const payloadChunk = (payload: Buffer): Buffer => message(PAYLOAD_CHUNK, payload);

/** The last event of an answer; with `ErrorCode` and `ErrorDetails` when the function failed. */
export const invokeComplete = (failure?: { errorType: string; payload: string }): Buffer =>
  message(
    INVOKE_COMPLETE,
    Buffer.from(
      JSON.stringify(
        failure === undefined ? {} : { ErrorCode: failure.errorType, ErrorDetails: failure.payload, LogResult: '' },
      ),
    ),
  );

/** Frames a live answer chunk by chunk. Destroying the result drains the function's stream: its invocation goes on. */
export const frameStream = (response: Extract<InvokeResponse, { kind: 'stream' }>): Transform => {
  const framed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, payloadChunk(chunk)),
    flush: (done) => {
      response.failure.then((failure) => done(null, invokeComplete(failure)), done);
    },
  });
  response.body.pipe(framed);
  framed.once('close', () => {
    response.body.unpipe(framed);
    response.body.resume();
  });
  framed.on('error', () => {});
  return framed;
};
