import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from '../functions/runner/packages/install-packages.ts';
import { packArchive } from '../functions/runner/packages/pack-archive.ts';
import { PackageFolders } from '../functions/runner/packages/package-folders.ts';
import { resolvePackages } from '../functions/runner/packages/resolve-packages.ts';
import type { UvPlaces } from '../functions/runner/packages/uv.ts';
import type { LinkedPackage } from '../shared/model/package-archive.ts';
import { servePackages } from '../test/support/package-index.ts';
import { pythonBinary, uvBinary } from '../test/support/uv.ts';
import { atLeast, kilobytes, ms, type Report, times } from './report.ts';
import { median } from './statistics.ts';

const PACKAGES = 20;
const MODULES = 30;
const ROUNDS = 5;
const WITHIN_MS = 120_000;

/** A module of some 4 KB, as packages have them. */
const source = (name: string): string =>
  Array.from({ length: 60 }, (_, n) => `def ${name}_${n}(a, b=${n}):\n    """Adds ${n}."""\n    return a + b\n`).join(
    '\n',
  );

const projects = Array.from({ length: PACKAGES }, (_, at) => {
  const name = `bench${at}`;
  const files = Array.from({ length: MODULES }, (_, n) => [`${name}/m${n}.py`, source(`m${n}`)]);
  return { name, version: '1.0', files: Object.fromEntries([[`${name}/__init__.py`, ''], ...files]) };
});

/** A lock of 20 packages in a fresh environment: from its index by uv, and from archives, in turns. */
export const packages = async (): Promise<Report> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const index = await servePackages(projects);
  const held = new Map<string, Buffer>();
  const bucket = createServer((request, response) => void response.end(held.get(request.url ?? '')));
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
  const address = bucket.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const places = (): UvPlaces => ({
    uv: uvBinary(),
    python: pythonBinary(),
    // biome-ignore lint/style/noProcessEnv: a bench is run by hand, with the PATH of its user
    path: process.env.PATH ?? '',
    folder: mkdtempSync(join(folder, 'uv-')),
    indexes: { default: index.url, extra: [] },
  });
  try {
    const wanted = projects.map(({ name }) => name);
    const chosen = await resolvePackages(places(), wanted, WITHIN_MS);
    const linked: LinkedPackage[] = [];
    for (const one of await installPackages(places(), chosen, join(folder, 'packed'), WITHIN_MS)) {
      const file = `${one.folder}.archive`;
      const { sha256, bytes } = await packArchive(one.folder, file);
      held.set(`/${sha256}`, readFileSync(file));
      const url = `http://127.0.0.1:${address.port}/${sha256}`;
      linked.push({ name: one.name, version: one.version, sha256, bytes, url });
    }
    const installed: number[] = [];
    const restored: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const fresh = places();
      installed.push(await timed(() => installPackages(fresh, chosen, join(fresh.folder, 'out'), WITHIN_MS)));
      const kept = new PackageFolders(mkdtempSync(join(folder, 'kept-')));
      restored.push(await timed(() => kept.ready(linked, 'bench')));
    }
    const [slow, quick] = [median(installed), median(restored)];
    const row = atLeast(`${PACKAGES} packages from archives instead of their index`, slow / quick, 5, times);
    const bytes = linked.reduce((sum, one) => sum + one.bytes, 0);
    return {
      title: 'Packages: a lock in a fresh environment',
      rows: [{ ...row, measured: `${row.measured} as quick (${ms(quick)} against ${ms(slow)})` }],
      notes: [
        `${PACKAGES} packages of ${MODULES} modules, ${kilobytes(bytes)} as archives; index and bucket on the loopback`,
      ],
    };
  } finally {
    bucket.close();
    await index.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await act();
  return performance.now() - from;
};
