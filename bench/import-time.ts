import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readAssembly } from '../local/assembly/read-assembly.ts';

const RUNS = 7;
const EMPTY = 'export const handler = () => undefined;\n';
/** `awslambda` is what Lambda's own runtime client defines for functions that stream. */
const MEASURE = `
globalThis.awslambda = { streamifyResponse: (handler) => handler };
await import(process.argv[1]);
console.log(performance.now());
process.exit();
`;

const run = promisify(execFile);

const Variables = z.object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) });

/** Variables that are JSON. */
const PARSABLE: Record<string, string> = {
  QUEUES: '{"like":{"url":"http://localhost/queue","arn":"arn:aws:sqs:us-east-1:000000000000:queue"},"groups":[]}',
  TASK_GROUPS: '{"cluster":"","subnets":[],"security_groups":[],"public_ip":false,"groups":[]}',
  WORKER_GROUPS: '[]',
};

/** Every variable some function of the template gets, with a value that parses: importing makes clients, not calls. */
const placeholders = (outdir: string): Record<string, string> => {
  const resources = readAssembly(outdir).stacks.flatMap(({ template }) => Object.values(template.Resources));
  const names = resources.flatMap(({ Properties }) => {
    const parsed = Variables.safeParse(Properties);
    return parsed.success ? Object.keys(parsed.data.Environment.Variables) : [];
  });
  return Object.fromEntries(names.map((name) => [name, PARSABLE[name] ?? 'placeholder']));
};

const importOnce = async (file: string, env: Record<string, string>): Promise<number> => {
  const argv = ['--input-type=module', '-e', MEASURE, pathToFileURL(file).href];
  const { stdout } = await run(process.execPath, argv, { env: { AWS_REGION: 'us-east-1', ...env } });
  return Number(stdout);
};

/** Milliseconds from a fresh process's start until a function, or an empty handler, is imported; in turn, no compile cache, as on AWS. */
export const importTimes = async (outdir: string, entry: string): Promise<{ empty: number[]; own: number[] }> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-import-'));
  const empty = join(folder, 'index.mjs');
  const env = placeholders(outdir);
  const pairs: { empty: number[]; own: number[] } = { empty: [], own: [] };
  try {
    await writeFile(empty, EMPTY);
    for (let turn = 0; turn < RUNS; turn += 1) {
      pairs.empty.push(await importOnce(empty, env));
      pairs.own.push(await importOnce(entry, env));
    }
    return pairs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
