import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { buildAssets } from './build/assets.ts';
import { millrace } from './millrace.ts';

/*
 * The CDK app. `cdk` starts it, or it starts by itself (`node infra/app.ts`) and writes the same assembly to cdk.out.
 * By itself it skips the checks, which change nothing in the assembly; `--checked` runs them.
 */
const root = dirname(import.meta.dirname);
const { context } = z
  .object({ context: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));

// biome-ignore lint/style/noProcessEnv: the CDK CLI names the output folder this way
const outdirOfCli = process.env.CDK_OUTDIR;
const outdir = outdirOfCli ?? join(root, 'cdk.out');
const checked = outdirOfCli !== undefined || process.argv.includes('--checked');

const assets = await buildAssets(root, join(outdir, 'build'));
const { app, stackPrefix } = millrace({ context, assets, outdir, checked });
// cdk-nag takes 0.4 s to load alone.
if (checked) (await import('./checks.ts')).addChecks(app, stackPrefix);
app.synth();
