import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, gzipSync } from 'node:zlib';
import { tarOf } from './tar.ts';

/** A package that the index has: its modules by file name, and what it requires. */
type Project = {
  name: string;
  version: string;
  requires?: string[];
  files?: Record<string, string>;
  /** True: only its source is there, and its installer has to build it. */
  source?: boolean;
  /** What its source does first when it is built. */
  build?: string;
};

type Archive = { file: string; bytes: Buffer; sha256: string };

/** What is asked of the index next is answered like this. */
type Mood = { delayMs?: number; failures?: number; tamper?: boolean };

const metadata = ({ name, version, requires = [] }: Project): string =>
  [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map((one) => `Requires-Dist: ${one}`),
    '',
  ].join('\n');

const filesOf = (project: Project): Record<string, string> =>
  project.files ?? { [`${project.name.replaceAll('-', '_')}.py`]: `version = ${JSON.stringify(project.version)}\n` };

const wheel = (project: Project): Archive => {
  const stem = `${project.name.replaceAll('-', '_')}-${project.version}`;
  const files: Record<string, string> = {
    ...filesOf(project),
    [`${stem}.dist-info/METADATA`]: metadata(project),
    [`${stem}.dist-info/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  };
  const record = [...Object.keys(files), `${stem}.dist-info/RECORD`].map((file) => `${file},,\n`).join('');
  return archive(`${stem}-py3-none-any.whl`, zip({ ...files, [`${stem}.dist-info/RECORD`]: record }));
};

/** Its build backend lies within it, so building needs no other package. */
const sourceArchive = (project: Project): Archive => {
  const stem = `${project.name.replaceAll('-', '_')}-${project.version}`;
  const built = wheel(project);
  const backend = `import base64, os
${project.build ?? ''}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open(os.path.join(folder, ${JSON.stringify(built.file)}), "wb") as out:
        out.write(base64.b64decode(${JSON.stringify(built.bytes.toString('base64'))}))
    return ${JSON.stringify(built.file)}
`;
  const files = {
    [`${stem}/PKG-INFO`]: metadata(project),
    [`${stem}/pyproject.toml`]: '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    [`${stem}/backend.py`]: backend,
  };
  return archive(`${stem}.tar.gz`, gzipSync(tarOf(files)));
};

const archive = (file: string, bytes: Buffer): Archive => ({
  file,
  bytes,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** A zip of stored files. */
const zip = (files: Record<string, string>): Buffer => {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const path = Buffer.from(name);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt32LE(crc32(content), 10);
    head.writeUInt32LE(content.length, 14);
    head.writeUInt32LE(content.length, 18);
    head.writeUInt16LE(path.length, 22);
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), head, path, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((0o100644 << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), head, tail, path);
    local.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
};

const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** A package index (PEP 503) on a free port of 127.0.0.1, which has `projects` and nothing else. */
export const servePackages = async (projects: Project[]) => {
  const archives = new Map<string, Archive[]>();
  const publish = (project: Project): void => {
    const name = normal(project.name);
    archives.set(name, [
      ...(archives.get(name) ?? []),
      project.source === true ? sourceArchive(project) : wheel(project),
    ]);
  };
  projects.forEach(publish);
  const asked: string[] = [];
  let mood: Mood = {};
  const answer = (path: string): { status: number; type: string; body: Buffer | string } => {
    if ((mood.failures ?? 0) > 0) {
      mood = { ...mood, failures: (mood.failures ?? 0) - 1 };
      return { status: 503, type: 'text/plain', body: 'not now' };
    }
    const page = archives.get(/^\/simple\/([^/]+)\/$/.exec(path)?.[1] ?? '');
    if (page !== undefined) {
      const links = page.map(({ file, sha256 }) => `<a href="/files/${file}#sha256=${sha256}">${file}</a>`);
      return { status: 200, type: 'text/html', body: `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>` };
    }
    const file = [...archives.values()].flat().find((one) => path === `/files/${one.file}`);
    if (file === undefined) return { status: 404, type: 'text/plain', body: 'no such package' };
    const bytes = mood.tamper === true ? Buffer.concat([file.bytes, Buffer.from(' ')]) : file.bytes;
    return { status: 200, type: 'application/octet-stream', body: bytes };
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    asked.push(path);
    setTimeout(() => {
      const { status, type, body } = answer(path);
      response.writeHead(status, { 'content-type': type }).end(body);
    }, mood.delayMs ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/simple`,
    port,
    publish,
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
