import { z } from 'zod';
import { startLocalCloud } from '../local/cloud.ts';

/** The process a bench measures: the local cloud as `npm start` runs it, started by `startCloud` over an IPC channel. */
const Options = z.object({ home: z.string(), workers: z.number().int().min(0) });

const main = async (): Promise<void> => {
  const { home, workers } = Options.parse(JSON.parse(process.argv[2] ?? ''));
  const cloud = await startLocalCloud({
    home,
    port: 0,
    workers,
    report: (line) => console.error(`local cloud: ${line}`),
  });
  const stop = (): void => {
    void cloud.stop().finally(() => process.exit());
  };
  process.once('message', stop);
  // the bench is gone, whatever became of it: nothing stays behind
  process.once('disconnect', stop);
  const { url, gatewayUrl, adminToken, adminKey } = cloud;
  process.send?.({ url, gatewayUrl, adminToken, adminKey });
};

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
