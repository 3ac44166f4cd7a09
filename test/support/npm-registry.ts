import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { tarOf } from './tar.ts';

/** A version of a package that the registry has. */
type NpmPackage = {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  scripts?: Record<string, string>;
  bin?: Record<string, string>;
  /** By path within the package; its `index.js` exports `version` unless said otherwise. */
  files?: Record<string, string>;
  /** As {@link files}, but paths in the tarball as they are, with no `package/` before them. */
  raw?: Record<string, string>;
};

type Tarball = { path: string; bytes: Buffer; manifest: Record<string, unknown> };

/** What is asked of the registry next is answered like this. */
type Mood = { delayMs?: number; failures?: number; tamper?: boolean; token?: string };

const tarballOf = (one: NpmPackage): Tarball => {
  const { name, version, dependencies = {}, scripts = {}, bin = {} } = one;
  const manifest = { name, version, type: 'module', main: 'index.js', dependencies, scripts, bin };
  const files = { 'index.js': `export const version = ${JSON.stringify(version)};\n`, ...one.files };
  const placed = Object.fromEntries(
    Object.entries({ ...files, 'package.json': JSON.stringify(manifest) }).map(([path, text]) => [
      `package/${path}`,
      text,
    ]),
  );
  const bytes = gzipSync(tarOf({ ...placed, ...one.raw }));
  return { path: `/${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`, bytes, manifest };
};

const integrity = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

/** An npm registry on a free port of 127.0.0.1, which has `packages` and nothing else; of each, the last one is `latest`. */
export const serveNpm = async (packages: NpmPackage[]) => {
  const byName = Map.groupBy(packages, ({ name }) => name);
  const tarballs = new Map(packages.map((one) => [`${one.name}@${one.version}`, tarballOf(one)]));
  const asked: string[] = [];
  let mood: Mood = {};
  const packument = (name: string, versions: NpmPackage[], base: string): string =>
    JSON.stringify({
      name,
      'dist-tags': { latest: versions.at(-1)?.version },
      versions: Object.fromEntries(
        versions.map(({ version }) => {
          const tarball = tarballs.get(`${name}@${version}`);
          if (tarball === undefined) throw new Error('a version without its tarball');
          const dist = { tarball: `${base}${tarball.path}`, integrity: integrity(tarball.bytes) };
          return [version, { ...tarball.manifest, dist }];
        }),
      ),
    });
  const answer = (
    path: string,
    base: string,
    authorization: string | undefined,
  ): { status: number; body: Buffer | string } => {
    if ((mood.failures ?? 0) > 0) {
      mood = { ...mood, failures: (mood.failures ?? 0) - 1 };
      return { status: 503, body: 'not now' };
    }
    if (mood.token !== undefined && authorization !== `Bearer ${mood.token}`) return { status: 401, body: '{}' };
    const versions = byName.get(path.slice(1));
    if (versions !== undefined) return { status: 200, body: packument(path.slice(1), versions, base) };
    const tarball = [...tarballs.values()].find((one) => one.path === path);
    if (tarball === undefined) return { status: 404, body: '{"error":"Not found"}' };
    return {
      status: 200,
      body: mood.tamper === true ? Buffer.concat([tarball.bytes, Buffer.from(' ')]) : tarball.bytes,
    };
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    asked.push(path);
    setTimeout(() => {
      const { status, body } = answer(path, `http://${request.headers.host}`, request.headers.authorization);
      const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
      response.writeHead(status, { 'content-type': type }).end(body);
    }, mood.delayMs ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    /** Paths that were asked for, in their order. */
    asked,
    set mood(next: Mood) {
      mood = next;
    },
    close: (): Promise<void> => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
