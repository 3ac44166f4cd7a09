import { rmSync } from 'node:fs';
import { z } from 'zod';
import { startLocalCloud } from '../local/cloud.ts';

/** The process a bench measures: the local cloud as `npm start` runs it, started by `startCloud` over an IPC channel. */
const Options = z.object({ home: z.string(), workers: z.number().int().min(0) });

const main = async (): Promise<void> => {
  const { home, workers } = Options.parse(JSON.parse(process.argv[2] ?? ''));
  const asked = Promise.withResolvers<'stop' | 'abandon'>();
  process.once('message', () => asked.resolve('stop'));
  // the bench is gone or interrupted, perhaps before this is up: nothing stays behind
  for (const event of ['disconnect', 'SIGINT', 'SIGTERM']) process.once(event, () => asked.resolve('abandon'));
  const cloud = await startLocalCloud({
    home,
    port: 0,
    workers,
    report: (line) => console.error(`local cloud: ${line}`),
  });
  const { url, gatewayUrl, adminToken, adminKey } = cloud;
  if (process.connected) process.send?.({ url, gatewayUrl, adminToken, adminKey });
  const why = await asked.promise;
  await cloud.stop();
  if (why === 'abandon') rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  process.exit();
};

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
