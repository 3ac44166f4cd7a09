import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Emit } from './output-reader.ts';

/** The response stream of a streaming Lambda function. */
export type ResponseStream = Writable & { setContentType?: (type: string) => void };

/**
 * Writes frames as NDJSON, at the reader's pace. When the reader is gone, frames are dropped and the job goes on: whether
 * it should is the control poll's to say.
 */
export const frameSink = (response: ResponseStream): { emit: Emit; end: () => Promise<void> } => {
  let gone = false;
  const lost = new Promise<void>((resolve) => {
    const onLost = (): void => {
      gone = true;
      resolve();
    };
    response.once('error', onLost);
    response.once('close', onLost);
  });
  response.setContentType?.('application/x-ndjson');
  return {
    emit: async (frame) => {
      if (gone || response.write(`${JSON.stringify(frame)}\n`)) return;
      await Promise.race([once(response, 'drain').catch(() => undefined), lost]);
    },
    end: async () => {
      if (gone) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      response.end(resolve);
      await Promise.race([promise, lost]);
    },
  };
};
