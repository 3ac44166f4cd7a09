import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { z } from 'zod';
import { buildAssets } from './build/assets.ts';
import { parseConfig } from './config.ts';
import { defineMillrace } from './millrace.ts';

/** The CDK app. Started by `cdk` or by itself (`node infra/app.ts`); both write the same assembly to `cdk.out`. */
const root = dirname(import.meta.dirname);
const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const { context } = CdkJson.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));

// biome-ignore lint/style/noProcessEnv: the CDK CLI names the output folder this way
const outdir = process.env.CDK_OUTDIR ?? join(root, 'cdk.out');
const app = new App({ outdir, context, analyticsReporting: false, treeMetadata: false });
const assets = buildAssets(root, join(outdir, 'build'));
defineMillrace(app, parseConfig(app.node.tryGetContext('millrace')), assets);
app.synth();
