import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { installPackages } from '../../../functions/runner/packages/install-packages.ts';
import { resolvePackages } from '../../../functions/runner/packages/resolve-packages.ts';
import { PackagesFailed } from '../../../functions/runner/packages/run-installer.ts';
import type { UvPlaces } from '../../../functions/runner/packages/uv.ts';
import { servePackages } from '../../support/package-index.ts';
import { pythonBinary, uvBinary } from '../../support/uv.ts';

const TIMEOUT = 20_000;
const uv = uvBinary();
const python = pythonBinary();

let index: Awaited<ReturnType<typeof servePackages>>;
let places: UvPlaces;

beforeAll(async () => {
  index = await servePackages([
    { name: 'tiny-a', version: '1.0.0' },
    { name: 'tiny-a', version: '1.2.0' },
    { name: 'tiny-a', version: '2.0.0rc1' },
    { name: 'Tiny_B', version: '2.0', requires: ['tiny-a<1.2', 'not-there; sys_platform == "win32"'] },
    { name: 'needs-old', version: '1.0', requires: ['tiny-a==1.0.0'] },
    { name: 'needs-new', version: '1.0', requires: ['tiny-a==1.2.0'] },
    { name: 'from-source', version: '0.1', source: true, requires: ['tiny-a'] },
    { name: 'slow-build', version: '0.1', source: true, build: 'import time\nwhile True: time.sleep(1)\n' },
    {
      name: 'nosy-build',
      version: '0.1',
      source: true,
      build: 'import os\nraise SystemExit("seen: " + ",".join(sorted(os.environ)))\n',
    },
  ]);
});
afterAll(() => index.close());

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'packages-test-'));
  const indexes = { default: index.url, extra: [] };
  places = { uv, python, path: process.env.PATH ?? '', folder, indexes, answerSeconds: 1 };
  index.asked.length = 0;
});
afterEach(() => {
  index.mood = {};
  rmSync(places.folder, { recursive: true, force: true });
});

const named = (packages: { name: string; version: string }[]): string[] =>
  packages.map(({ name, version }) => `${name}==${version}`);

const failureOf = async (work: Promise<unknown>): Promise<PackagesFailed> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PackagesFailed);
  return error as PackagesFailed;
};

describe('resolving', () => {
  it('chooses versions that fit together, with what they require, and knows their hashes', async () => {
    const chosen = await resolvePackages(places, ['Tiny.B', 'from-source'], TIMEOUT);
    expect(named(chosen)).toEqual(['from-source==0.1', 'tiny-a==1.0.0', 'tiny-b==2.0']);
    for (const { hashes } of chosen) expect(hashes).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
  });

  it('takes the newest release and no pre-release that nobody asked for', async () => {
    expect(named(await resolvePackages(places, ['tiny-a'], TIMEOUT))).toEqual(['tiny-a==1.2.0']);
    expect(named(await resolvePackages(places, ['tiny-a==2.0.0rc1'], TIMEOUT))).toEqual(['tiny-a==2.0.0rc1']);
  });

  it('asks nobody when nothing is required', async () => {
    expect(await resolvePackages(places, [], TIMEOUT)).toEqual([]);
    expect(index.asked).toEqual([]);
  });

  it('says in words of the resolver why no choice fits', async () => {
    const conflict = await failureOf(resolvePackages(places, ['needs-old', 'needs-new'], TIMEOUT));
    expect(conflict.why).toBe('unsatisfiable');
    expect(conflict.message.replaceAll(/\s+/g, ' ')).toContain('needs-new==1.0 depends on tiny-a==1.2.0');
    const missing = await failureOf(resolvePackages(places, ['no-such-package'], TIMEOUT));
    expect(missing.why).toBe('unsatisfiable');
    expect(missing.message).toContain('no-such-package was not found in the package registry');
  });

  it('asks again when an index fails for a moment', async () => {
    index.mood = { failures: 1 };
    expect(named(await resolvePackages(places, ['tiny-a'], TIMEOUT))).toEqual(['tiny-a==1.2.0']);
  });

  it('calls an index that keeps failing unreachable, and shows no password of its URL', async () => {
    index.mood = { failures: 100 };
    places.indexes.default = index.url.replace('//', '//reader:hunter2@');
    const failed = await failureOf(resolvePackages(places, ['tiny-a'], TIMEOUT));
    expect(failed.why).toBe('unreachable');
    expect(failed.message).toContain('503 Service Unavailable');
    expect(failed.message).not.toContain('hunter2');
  });

  it('gives up on a slow index when its time is over', async () => {
    index.mood = { delayMs: 5000 };
    const startedAt = performance.now();
    const failed = await failureOf(resolvePackages(places, ['tiny-a'], 700));
    expect(failed.why).toBe('timeout');
    expect(failed.message).toContain('after 0.7 s');
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });

  it('leaves no build running when its time is over', async () => {
    const failed = await failureOf(resolvePackages(places, ['slow-build'], 1500));
    expect(failed.why).toBe('timeout');
    expect(processesIn(places.folder)).toEqual([]);
  });

  it('gives a build nothing of the environment the runner has', async () => {
    process.env.PACKAGES_TEST_SECRET = 'secret';
    const failed = await failureOf(resolvePackages(places, ['nosy-build'], TIMEOUT));
    delete process.env.PACKAGES_TEST_SECRET;
    expect(failed.message).toMatch(/seen:\s+CLICOLOR_FORCE,HOME/);
    expect(failed.message).not.toContain('PACKAGES_TEST_SECRET');
  });

  it('takes a package from the first index that has it, however new that of a later one is', async () => {
    const own = await servePackages([{ name: 'tiny-a', version: '0.1' }]);
    places.indexes.extra = [own.url];
    const chosen = await resolvePackages(places, ['tiny-a', 'needs-old; python_version < "3"'], TIMEOUT);
    await own.close();
    expect(named(chosen)).toEqual(['tiny-a==0.1']);
  });
});

describe('installing', () => {
  it('gives each package a folder of its own, from wheels and from source, that Python imports from', async () => {
    const chosen = await resolvePackages(places, ['tiny-b', 'from-source'], TIMEOUT);
    const target = join(places.folder, 'out');
    const installed = await installPackages(places, chosen, target, TIMEOUT);
    expect(named(installed)).toEqual(named(chosen));
    expect(readdirSync(installed[2]!.folder).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'Tiny_B-2.0.dist-info',
      'Tiny_B.py',
      '__pycache__',
    ]);
    const env = { PYTHONPATH: installed.map(({ folder }) => folder).join(':') };
    const code = 'import Tiny_B, tiny_a, from_source; print(Tiny_B.version, tiny_a.version, from_source.version)';
    expect(execFileSync(python, ['-c', code], { env, encoding: 'utf8' })).toBe('2.0 1.0.0 0.1\n');
  });

  it('refuses an archive that is not the one that was chosen', async () => {
    const chosen = await resolvePackages(places, ['tiny-a==1.0.0'], TIMEOUT);
    rmSync(join(places.folder, 'cache'), { recursive: true });
    index.mood = { tamper: true };
    const failed = await failureOf(installPackages(places, chosen, join(places.folder, 'out'), TIMEOUT));
    expect(failed.message).toContain('Hash mismatch');
    expect(existsSync(join(places.folder, 'out/tiny-a-1.0.0/tiny_a.py'))).toBe(false);
  });

  it('stops at the first package that cannot be had', async () => {
    const chosen = await resolvePackages(places, ['tiny-b'], TIMEOUT);
    const more = [...chosen, { name: 'gone-from-index', version: '1.0', hashes: [] }];
    const failed = await failureOf(installPackages(places, more, join(places.folder, 'out'), TIMEOUT));
    expect(failed.message).toContain('gone-from-index');
  });
});

/** Processes whose working folder or command line is in `folder`. */
const processesIn = (folder: string): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return command.includes(folder) || environment.includes(folder) ? [command] : [];
    } catch {
      return [];
    }
  });
