import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Millrace } from './millrace.ts';

const GROUPS = [
  { name: 'default', tags: ['python3', 'bash', 'bun'] },
  { name: 'big', tags: ['gpu'] },
];
/** An age at which the reaper looks at no waiting job: it does in the 2nd and the 4th minute. */
const BETWEEN_LOOKS_MS = 175_000;

let assemblyDir: string;
let millrace: Millrace;

beforeAll(async () => {
  assemblyDir = await mkdtemp(join(tmpdir(), 'millrace-assembly-'));
  await promisify(execFile)(process.execPath, ['infra/app.ts'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: {
      ...process.env,
      CDK_OUTDIR: assemblyDir,
      CDK_CONTEXT_JSON: JSON.stringify({ millrace: { workerGroups: GROUPS } }),
    },
  });
  millrace = await Millrace.start();
  await millrace.workspace('demo');
}, 120_000);

afterAll(async () => {
  await millrace.stop();
  await rm(assemblyDir, { recursive: true, force: true });
});

test('a job that waits for its tag runs once a deployment serves it, whatever its age', {
  timeout: 60_000,
}, async () => {
  const made = Date.now();
  const body = { language: 'bash', content: 'echo 1', tag: 'gpu' };
  const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, body);
  await millrace.cloud.tick('reaper');
  expect(await millrace.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject({ waits_for: 'no_worker_for_tag' });
  await millrace.cloud.stop();
  millrace = await Millrace.start({ home: millrace.home, assemblyDir });
  expect(await millrace.json('GET', '/workers/exists_workers_with_tags?tags=gpu')).toEqual({ gpu: true });
  millrace.cloud.clock.advance(BETWEEN_LOOKS_MS - (Date.now() - made));
  await millrace.cloud.tick('reaper');
  expect(await millrace.completed(id)).toMatchObject({ success: true, tag: 'gpu' });
});
