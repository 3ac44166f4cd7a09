import { type Report, renderReport } from './report.ts';

const MEASUREMENTS: Record<string, (large: boolean) => Promise<Report>> = {
  sync: async () => (await import('./sync.ts')).sync(),
  queue: async () => (await import('./queue.ts')).queue(),
  due: async () => (await import('./due.ts')).due(),
  burst: async (large) => (await import('./burst.ts')).burst(large),
  cost: async () => (await import('./cost.ts')).cost(),
  bundles: async () => (await import('./bundles.ts')).bundles(),
  recovery: async () => (await import('./recovery.ts')).recovery(),
  reaper: async () => (await import('./reaper.ts')).reaper(),
  prepared: async () => (await import('./prepared.ts')).prepared(),
  packages: async () => (await import('./packages.ts')).packages(),
  idle: async () => (await import('./idle.ts')).idle(),
};

const USAGE = `node bench/main.ts [--large] [${Object.keys(MEASUREMENTS).join(' | ')}]...`;

/** Runs the measurements named, or all; exit code 1 when a target is not met. */
const main = async (): Promise<void> => {
  const words = process.argv.slice(2);
  const named = words.filter((word) => word !== '--large');
  const unknown = named.find((word) => MEASUREMENTS[word] === undefined);
  if (unknown !== undefined) throw new Error(`no measurement is named ${unknown}: ${USAGE}`);
  for (const [name, measure] of Object.entries(MEASUREMENTS)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const report = await measure(words.includes('--large'));
    console.log(renderReport(report));
    if (report.rows.some((row) => row.ok === false)) process.exitCode = 1;
  }
};

await main();
