import { Transform } from 'node:stream';

/** AWS's limits on one streamed answer: the first bytes are free of the bandwidth limit. */
export type StreamingLimits = { freeBytes: number; bytesPerSecond: number; maxBytes: number };

const MB = 1024 * 1024;
export const AWS_STREAMING_LIMITS: StreamingLimits = {
  freeBytes: 6 * MB,
  bytesPerSecond: 2 * MB,
  maxBytes: 200 * MB,
};

/** Lets a stream through at the pace of `limits`. Beyond `maxBytes` it calls `onTooLarge` once and swallows the rest. */
export const limitStream = (limits: StreamingLimits | undefined, onTooLarge: () => void): Transform => {
  let passed = 0;
  /** When what is beyond the free bytes may have passed, milliseconds of the monotonic clock. */
  let paidUntil = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = passed;
      passed += chunk.length;
      if (limits === undefined) return done(null, chunk);
      if (passed > limits.maxBytes) {
        if (before <= limits.maxBytes) onTooLarge();
        return done();
      }
      const beyond = Math.min(chunk.length, Math.max(0, passed - limits.freeBytes));
      if (beyond === 0) return done(null, chunk);
      const now = performance.now();
      paidUntil = Math.max(paidUntil, now) + (beyond / limits.bytesPerSecond) * 1000;
      setTimeout(() => done(null, chunk), paidUntil - now);
    },
  });
};
