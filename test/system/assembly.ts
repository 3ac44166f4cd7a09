import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Synthesizes another deployment than that of cdk.json. */
export const assemblyOf = async (config: object): Promise<{ dir: string; remove: () => Promise<void> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-assembly-'));
  await promisify(execFile)(process.execPath, ['infra/app.ts'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...process.env, CDK_OUTDIR: dir, CDK_CONTEXT_JSON: JSON.stringify({ millrace: config }) },
  });
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
};
