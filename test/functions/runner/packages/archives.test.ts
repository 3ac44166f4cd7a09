import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mergeFolders } from '../../../../functions/runner/packages/merge-folders.ts';
import { packArchive } from '../../../../functions/runner/packages/pack-archive.ts';
import { PackageFolders } from '../../../../functions/runner/packages/package-folders.ts';
import { unpackArchive } from '../../../../functions/runner/packages/unpack-archive.ts';
import type { LinkedPackage } from '../../../../shared/model/package-archive.ts';

const LIMITS = { unpackedBytes: 10_000_000, files: 1_000 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archives-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, files: Record<string, string>): string => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), content);
  }
  return join(folder, name);
};
const contents = (root: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((file) => [file.slice(root.length + 1), readFileSync(file, 'utf8')]),
  );

describe('an archive', () => {
  const files = {
    'pkg/__init__.py': 'x = 1\n',
    [`pkg/${'deep/'.repeat(30)}long.py`]: 'y = 2\n',
    'pkg/näme.txt': 'umlaut',
    'pkg/empty.py': '',
    'pkg/large.bin': 'a'.repeat(700_001),
  };

  it('gives back what was packed, read-only, with what may be executed', async () => {
    const source = write('in', files);
    write('in', { 'bin/tool': '#!/bin/sh\n' });
    chmodSync(join(source, 'bin/tool'), 0o755);
    await packArchive(source, join(folder, 'a'));
    const { files: written } = await unpackArchive(join(folder, 'a'), join(folder, 'out'), LIMITS);
    expect(written).toBe(6);
    expect(contents(join(folder, 'out'))).toEqual({ ...files, 'bin/tool': '#!/bin/sh\n' });
    expect(statSync(join(folder, 'out/bin/tool')).mode & 0o777).toBe(0o555);
    expect(statSync(join(folder, 'out/pkg/empty.py')).mode & 0o777).toBe(0o444);
  });

  it('is the same for the same files, whenever, in whatever order and with whatever rights they were written', async () => {
    const one = write('one', files);
    const other = write('other', Object.fromEntries(Object.entries(files).reverse()));
    utimesSync(join(other, 'pkg/empty.py'), 1, 1);
    chmodSync(join(other, 'pkg/empty.py'), 0o600);
    expect(await packArchive(one, join(folder, 'a'))).toEqual(await packArchive(other, join(folder, 'b')));
    expect(readFileSync(join(folder, 'a'))).toEqual(readFileSync(join(folder, 'b')));
  });

  it('is a tar that others can read', async () => {
    await packArchive(write('in', { 'a.py': 'a', [`d/${'x'.repeat(120)}`]: 'b' }), join(folder, 'a'));
    execFileSync(
      'sh',
      [
        '-c',
        `mkdir t && node -e 'process.stdout.write(require("zlib").zstdDecompressSync(require("fs").readFileSync("a")))' | tar x -C t`,
      ],
      { cwd: folder, env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` } },
    );
    expect(contents(join(folder, 't'))).toEqual({ 'a.py': 'a', [`d/${'x'.repeat(120)}`]: 'b' });
  });

  it('is not made of a folder with a link or a pipe in it', async () => {
    const source = write('in', { 'a.py': 'a' });
    symlinkSync('/etc/passwd', join(source, 'link'));
    await expect(packArchive(source, join(folder, 'a'))).rejects.toThrow('link is neither a file nor a folder');
    rmSync(join(source, 'link'));
    execFileSync('python3', ['-IS', '-c', 'import os, sys; os.mkfifo(sys.argv[1])', join(source, 'pipe')]);
    await expect(packArchive(source, join(folder, 'b'))).rejects.toThrow('pipe is neither a file nor a folder');
  });
});

describe('a hostile archive', () => {
  /** By Python's tarfile, which writes whatever it is told to. */
  const tarBy = (entries: string): string => {
    const script = `
import io, sys, tarfile
out = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)
def add(name, type=tarfile.REGTYPE, link='', content=b'bad'):
    info = tarfile.TarInfo(name); info.type = type; info.linkname = link
    info.size = len(content) if type == tarfile.REGTYPE else 0
    out.addfile(info, io.BytesIO(content))
${entries}
out.close()
`;
    execFileSync('python3', ['-IS', '-c', script, join(folder, 'plain.tar')]);
    writeFileSync(join(folder, 'bad'), zstdCompressSync(readFileSync(join(folder, 'plain.tar'))));
    return join(folder, 'bad');
  };
  const unpacked = (file: string) => unpackArchive(file, join(folder, 'out'), LIMITS);

  it.each([
    ['a path up', `add('../escaped')`],
    ['a path up in the middle', `add('a/../../escaped')`],
    ['an absolute path', `add('/tmp/millrace-escaped')`],
    ['an empty part', `add('a//b')`],
    ['a long path up', `add('../' + 'x' * 200)`],
    ['a link', `add('l', tarfile.SYMTYPE, '..')\nadd('l/escaped')`],
    ['a hard link', `add('h', tarfile.LNKTYPE, '/etc/passwd')`],
    ['a device', `add('null', tarfile.CHRTYPE)`],
    ['a pipe', `add('p', tarfile.FIFOTYPE)`],
    ['a file twice', `add('a')\nadd('a')`],
    ['a file that is a folder', `add('a')\nadd('a/b')`],
  ])('with %s is refused, and nothing of it is outside', async (_what, entries) => {
    await expect(unpacked(tarBy(entries))).rejects.toMatchObject({ name: 'BadArchive' });
    expect(readdirSync(folder).sort()).toEqual(['bad', 'out', 'plain.tar']);
    expect(existsSync('/tmp/millrace-escaped')).toBe(false);
  });

  it('that grows beyond its limits stops there', async () => {
    await expect(unpacked(tarBy(`add('zeros', content=bytes(50_000_000))`))).rejects.toThrow(
      'more than 10000000 bytes',
    );
    rmSync(join(folder, 'out'), { recursive: true });
    await expect(unpacked(tarBy(`for n in range(1001): add('f%d' % n, content=b'')`))).rejects.toThrow(
      'more than 1000 files',
    );
  });

  it('that is cut off, or something else, is refused', async () => {
    const whole = readFileSync(tarBy(`add('a', content=bytes(range(256)) * 4000)`));
    for (const bytes of [
      whole.subarray(0, whole.length / 2),
      gzipSync('gzip'),
      Buffer.from('text'),
      zstdCompressSync('no tar'),
      Buffer.alloc(0),
    ]) {
      writeFileSync(join(folder, 'bad'), bytes);
      rmSync(join(folder, 'out'), { recursive: true, force: true });
      await expect(unpacked(join(folder, 'bad'))).rejects.toMatchObject({ name: 'BadArchive' });
    }
  });
});

describe('packages of an environment', () => {
  const held = new Map<string, Buffer>();
  let asked: string[] = [];
  let failures = 0;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const bytes = held.get(request.url ?? '');
    failures -= 1;
    if (failures >= 0) response.writeHead(503).end();
    else if (bytes === undefined) response.writeHead(403).end();
    else response.end(bytes);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  beforeEach(() => {
    held.clear();
    asked = [];
    failures = 0;
  });

  const stored = async (
    name: string,
    files: Record<string, string> = { [`${name}.py`]: name },
  ): Promise<LinkedPackage> => {
    const file = join(folder, `${name}.archive`);
    const { sha256, bytes } = await packArchive(write(`src-${name}`, files), file);
    held.set(`/${sha256}`, readFileSync(file));
    return {
      name,
      version: '1.0',
      sha256,
      bytes,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${sha256}`,
    };
  };
  const readyOf = async (folders: PackageFolders, packages: LinkedPackage[], user = 'code') => {
    const ready = await folders.ready(packages, user);
    if (!ready.ok) throw new Error(`lost: ${ready.lost.map(({ message }) => message).join()}`);
    return ready;
  };

  it('are unpacked once, each in a folder of its own, in the order of the lock', async () => {
    const packages = [await stored('b'), await stored('a')];
    const folders = new PackageFolders(join(folder, 'kept'));
    const first = await readyOf(folders, packages);
    expect(first.folders.map((one) => readdirSync(one))).toEqual([['b.py'], ['a.py']]);
    expect(first.figures).toMatchObject({ hits: 0, misses: 2, bytes: packages[0]!.bytes + packages[1]!.bytes });
    const again = await readyOf(folders, [packages[1]!, await stored('c')]);
    expect(again.figures).toMatchObject({ hits: 1, misses: 1 });
    expect(asked).toHaveLength(3);
  });

  it('are never seen half, by two jobs that need the same at once', async () => {
    const packages = [
      await stored('a', Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m/f${n}.py`, `${n}`]))),
    ];
    const folders = new PackageFolders(join(folder, 'kept'));
    const both = await Promise.all([readyOf(folders, packages), readyOf(folders, packages)]);
    for (const {
      folders: [one],
    } of both)
      expect(readdirSync(join(one!, 'm'))).toHaveLength(300);
    expect(asked).toHaveLength(1);
    expect(readdirSync(join(folder, 'kept'))).toEqual([packages[0]!.sha256]);
  });

  it('that other code changed are thrown away before they are used again', async () => {
    const packages = [await stored('a', { 'a.py': 'good', 'b.py': 'good' })];
    const folders = new PackageFolders(join(folder, 'kept'));
    const {
      folders: [at],
    } = await readyOf(folders, packages, 'mine');
    chmodSync(join(at!, 'a.py'), 0o644);
    writeFileSync(join(at!, 'a.py'), 'evil');
    utimesSync(join(at!, 'a.py'), 0, 0);
    chmodSync(join(at!, 'a.py'), 0o444);
    writeFileSync(join(at!, 'added.py'), 'evil');
    expect((await readyOf(folders, packages, 'theirs')).figures.misses).toBe(1);
    expect(contents(at!)).toEqual({ 'a.py': 'good', 'b.py': 'good' });
    expect((await readyOf(folders, packages, 'mine')).figures).toMatchObject({ hits: 1, misses: 0 });
  });

  it.each([
    ['is not there', () => undefined, 'a 1.0 is not there'],
    ['was cut off', (bytes: Buffer) => bytes.subarray(0, -1), 'is damaged'],
    ['grew', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(9)]), 'is damaged'],
    [
      'has one bit changed',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))),
      'is damaged',
    ],
  ])(
    'are lost when their archive %s: nothing of it is unpacked, and it is said which',
    async (_what, damage, message) => {
      const [good, bad] = [await stored('b'), await stored('a')];
      const bytes = damage(held.get(`/${bad.sha256}`)!);
      if (bytes === undefined) held.delete(`/${bad.sha256}`);
      else held.set(`/${bad.sha256}`, bytes);
      const folders = new PackageFolders(join(folder, 'kept'));
      const ready = await folders.ready([good, bad], 'code');
      expect(ready).toEqual({ ok: false, lost: [{ sha256: bad.sha256, message: expect.stringContaining(message) }] });
      expect(readdirSync(join(folder, 'kept'))).toEqual([good.sha256]);
    },
  );

  it('are lost when the archive that the lock names is a hostile one', async () => {
    const bytes = zstdCompressSync('no tar at all');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const one = await stored('a');
    held.set(`/${one.sha256}`, bytes);
    const ready = await new PackageFolders(join(folder, 'kept')).ready(
      [{ ...one, sha256, bytes: bytes.length }],
      'code',
    );
    expect(ready).toMatchObject({ ok: false, lost: [{ sha256 }] });
  });

  it('come a moment later when the bucket is busy', async () => {
    const packages = [await stored('a')];
    failures = 1;
    expect((await readyOf(new PackageFolders(join(folder, 'kept')), packages)).figures.misses).toBe(1);
  });
});

describe('modules that two packages share', () => {
  const importing = (paths: string[], code: string): string =>
    execFileSync('python3', ['-BS', '-c', code], {
      env: { PATH: process.env.PATH ?? '', PYTHONPATH: paths.join(':') },
      encoding: 'utf8',
    }).trim();
  const code = 'import ns.deep.a, ns.deep.b; print(ns.deep.a.x, ns.deep.b.x)';

  it('stay where they are when they are namespaces', () => {
    const paths = [write('a', { 'ns/deep/a.py': 'x = 1' }), write('b', { 'ns/deep/b.py': 'x = 2' })];
    expect(mergeFolders(paths, join(folder, 'merged'))).toBe(false);
    expect(importing(paths, code)).toBe('1 2');
  });

  it('are put together when one of them has an __init__.py', () => {
    const paths = [
      write('a', { 'ns/deep/__init__.py': '', 'ns/deep/a.py': 'x = 1', 'a-1.dist-info/METADATA': '' }),
      write('b', { 'ns/deep/__init__.py': 'raise SystemExit("the second")', 'ns/deep/b.py': 'x = 2' }),
    ];
    expect(() => importing(paths, code)).toThrow();
    expect(mergeFolders(paths, join(folder, 'merged'))).toBe(true);
    expect(importing([join(folder, 'merged'), ...paths], code)).toBe('1 2');
    expect(readdirSync(join(folder, 'merged'))).toEqual(['ns']);
  });
});
