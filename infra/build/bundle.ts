import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { z } from 'zod';
import { zodNamespace } from './zod-namespace.ts';

/** The functions that deploy as a zip of bundled code. The runner is the one that does not. */
export const ZipFunction = z.enum([
  'webhook',
  'wait',
  'api',
  'stream',
  'frames',
  'dispatch',
  'reaper',
  'deadletter',
  'taskend',
  'expiry',
  'reconcile',
  'seed',
]);
export type ZipFunction = z.infer<typeof ZipFunction>;

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Second entries: the runner as a task, over the same core as its handler. */
const MORE_ENTRIES = [{ function: 'runner', source: 'task' }] as const;

const closure = (outputs: Metafile['outputs'], entry: string): Set<string> => {
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const imported of outputs[file]?.imports ?? []) if (imported.external !== true) seen.add(imported.path);
  }
  return seen;
};

/**
 * Bundles `functions/<name>/handler.ts` of every name with one esbuild call (the SDK is parsed once for all) and writes
 * each function's own `<target>/<name>/index.mjs` with just the chunks it can reach. What is imported lazily stays in
 * chunks of its own, so it costs nothing at cold start. The same sources give the same bytes.
 */
export const bundleFunctions = async (root: string, names: readonly string[], target: string): Promise<void> => {
  const missing = names.filter((name) => !existsSync(join(root, 'functions', name, 'handler.ts')));
  if (missing.length > 0) throw new Error(`no handler.ts in functions/${missing.join(', functions/')}`);
  const more = MORE_ENTRIES.filter((entry) => names.includes(entry.function));
  const entries = [
    ...names.map((name) => ({ source: `functions/${name}/handler.ts`, out: name, to: join(name, 'index.mjs') })),
    ...more.map((entry) => ({
      source: `functions/${entry.function}/${entry.source}.ts`,
      out: `${entry.function}-${entry.source}`,
      to: join(entry.function, `${entry.source}.mjs`),
    })),
  ];
  const built = await build({
    absWorkingDir: root,
    entryPoints: entries.map(({ source, out }) => ({ in: source, out })),
    outdir: 'out',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    chunkNames: 'chunks/[hash]',
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
    plugins: [zodNamespace],
    // The SDK loads it in browsers only.
    external: ['bowser'],
    alias: { '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'lambda-credentials.ts') },
  });
  rmSync(target, { recursive: true, force: true });
  const texts = new Map(built.outputFiles.map((file) => [relative(root, file.path), file.text]));
  for (const { out, to } of entries) {
    for (const file of closure(built.metafile.outputs, `out/${out}.mjs`)) {
      const text = texts.get(file) ?? '';
      const path = join(target, file === `out/${out}.mjs` ? to : join(dirname(to), relative('out', file)));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text.includes('Dynamic require of') ? REQUIRE + text : text);
    }
  }
};
