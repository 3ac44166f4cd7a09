import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { takeLock } from './state-folder.ts';

/** What the templates and the bundles are made of. */
const INPUTS = ['infra', 'functions', 'shared', 'cdk.json', 'package-lock.json'];
const LOCK_WAIT_MS = 60_000;

const filesOf = (root: string, input: string): string[] => {
  if (input.includes('.')) return [input];
  return readdirSync(join(root, input), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
};

const digestOf = (root: string): string => {
  const hash = createHash('sha256').update(process.version);
  for (const file of INPUTS.flatMap((input) => filesOf(root, input))) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
};

const stampOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const runApp = async (root: string, outdir: string): Promise<void> => {
  const child = spawn(process.execPath, ['infra/app.ts'], {
    cwd: root,
    // biome-ignore lint/style/noProcessEnv: the CDK app is started with the environment of this process
    env: { ...process.env, CDK_OUTDIR: outdir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [output, errors] = await said;
  if (code !== 0) throw new Error(`the CDK app failed:\n${errors.trim() || output.trim()}`);
};

/**
 * Runs the CDK app into `outdir` unless the last run there had the same inputs. Two starts at once wait for each other.
 * @returns whether it ran. Throws with the app's own words when it fails.
 */
export const synthesize = async (root: string, outdir: string): Promise<boolean> => {
  const stamp = join(outdir, 'millrace.stamp');
  const digest = digestOf(root);
  if (stampOf(stamp) === digest) return false;
  mkdirSync(outdir, { recursive: true });
  const lock = takeLock(join(outdir, 'millrace.lock'), LOCK_WAIT_MS);
  if (lock === undefined) throw new Error(`another start has been building ${outdir} for a minute`);
  try {
    if (stampOf(stamp) === digest) return false;
    await runApp(root, outdir);
    writeFileSync(stamp, digest);
    return true;
  } finally {
    lock.release();
  }
};
