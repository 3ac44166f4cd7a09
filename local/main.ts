import { delimiter, resolve } from 'node:path';
import type { LocalCloud } from './cloud.ts';

// SQLite is built into Node 24 and still says that it is experimental; every other warning is shown.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`);
});

const { z } = await import('zod');
const { startLocalCloud } = await import('./cloud.ts');
const { forwardsOf } = await import('./gateway/forward.ts');

const Settings = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(8080),
  MILLRACE_HOME: z.string().min(1).default('.millrace'),
  MILLRACE_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/$/, ''))
    .optional(),
  MILLRACE_ADMIN_TOKEN: z.string().min(1).optional(),
  MILLRACE_SHARE: z
    .string()
    .default('')
    .transform((paths) => paths.split(delimiter).filter((path) => path !== '')),
  MILLRACE_WORKERS: z.coerce.number().int().min(1).max(1000).default(4),
});

const welcome = ({ url, adminToken }: LocalCloud, seconds: string): string => `
  Millrace is ready (${seconds} s): ${url}
  Admin token: ${adminToken}
  To log in: admin@millrace.dev, with the admin token of the first start as password until it is changed

  Run a Python script:

    curl -s ${url}/api/w/admins/jobs/run_wait_result/preview \\
      -H 'Authorization: Bearer ${adminToken}' -H 'Content-Type: application/json' \\
      -d '{"language": "python3", "content": "def main(name: str):\\n    return f\\"hello {name}\\"", "args": {"name": "world"}}'

  Ctrl-C stops it.
`;

const stopOn = (cloud: LocalCloud): void => {
  const stop = (): void => {
    // a service that does not end must not keep the terminal
    setTimeout(() => process.exit(0), 2800).unref();
    cloud.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
};

const main = async (): Promise<void> => {
  // biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once
  const env = process.env;
  const settings = Settings.safeParse(env);
  if (!settings.success) throw new Error(z.prettifyError(settings.error));
  const { PORT, MILLRACE_HOME, MILLRACE_BASE_URL, MILLRACE_ADMIN_TOKEN, MILLRACE_SHARE, MILLRACE_WORKERS } =
    settings.data;
  const cloud = await startLocalCloud({
    home: resolve(MILLRACE_HOME),
    port: PORT,
    ...(MILLRACE_BASE_URL === undefined ? {} : { baseUrl: MILLRACE_BASE_URL }),
    ...(MILLRACE_ADMIN_TOKEN === undefined ? {} : { adminToken: MILLRACE_ADMIN_TOKEN }),
    workers: MILLRACE_WORKERS,
    share: MILLRACE_SHARE.map((path) => resolve(path)),
    forwards: forwardsOf(env),
    report: (line) => console.error(line),
  });
  stopOn(cloud);
  console.log(welcome(cloud, process.uptime().toFixed(1)));
};

main().catch((error: unknown) => {
  console.error(`Millrace did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
