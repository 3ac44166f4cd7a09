import { constants, type Dirent, readdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

export const BLOCK = 512;
const PIECE_BYTES = 256 * 1024;
const NAME_BYTES = 100;
/** Of what a header can say in octal digits. */
const LARGEST_FILE = 8 ** 11 - 1;

/** A regular file below a folder: its path there, with slashes. */
type Listed = { path: string; file: string };

/**
 * A folder as a tar archive, piece by piece. The same files give the same bytes, whenever and by whomever they were written:
 * sorted by path, and of what a file is besides its content only whether it may be executed. Folders come by their files.
 * Throws for a link, a device or a pipe, and for a file that another took the place of meanwhile.
 */
export async function* tarOf(folder: string): AsyncGenerator<Buffer> {
  const files = filesIn(folder, '').sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, file } of files) {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      yield* entry(path, handle);
    } finally {
      await handle.close();
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

const filesIn = (folder: string, below: string): Listed[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((one: Dirent): Listed[] => {
    const path = below === '' ? one.name : `${below}/${one.name}`;
    const file = join(folder, one.name);
    if (one.isDirectory()) return filesIn(file, path);
    if (one.isFile()) return [{ path, file }];
    throw new Error(`${path} is neither a file nor a folder`);
  });

async function* entry(path: string, handle: FileHandle): AsyncGenerator<Buffer> {
  const status = await handle.stat();
  if (!status.isFile()) throw new Error(`${path} is no regular file`);
  if (status.size > LARGEST_FILE) throw new Error(`${path} is larger than ${LARGEST_FILE} bytes`);
  yield headersOf(path, status.size, (status.mode & 0o111) !== 0);
  let rest = status.size;
  while (rest > 0) {
    const piece = Buffer.allocUnsafe(Math.min(rest, PIECE_BYTES));
    const { bytesRead } = await handle.read(piece, 0, piece.length);
    if (bytesRead === 0) throw new Error(`${path} became shorter while it was packed`);
    rest -= bytesRead;
    yield piece.subarray(0, bytesRead);
  }
  yield padding(status.size);
}

const padding = (bytes: number): Buffer => Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);

/** A path that does not fit the plain header gets one of its own before it (pax). */
const headersOf = (path: string, bytes: number, executable: boolean): Buffer => {
  const mode = executable ? 0o755 : 0o644;
  if (Buffer.byteLength(path) <= NAME_BYTES && /^[\x20-\x7e]*$/.test(path)) return header(path, bytes, mode, '0');
  const record = paxRecord(path);
  return Buffer.concat([
    header('path', record.length, 0o644, 'x'),
    record,
    padding(record.length),
    header('long', bytes, mode, '0'),
  ]);
};

/** `<length> path=<path>\n`, where the length counts itself. */
const paxRecord = (path: string): Buffer => {
  const body = ` path=${path}\n`;
  let length = Buffer.byteLength(body);
  while (Buffer.byteLength(`${length}${body}`) !== length) length = Buffer.byteLength(`${length}${body}`);
  return Buffer.from(`${length}${body}`);
};

const header = (name: string, bytes: number, mode: number, type: '0' | 'x'): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(0, 136, 11);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\0', 257, 'latin1');
  block.write('00', 263, 'latin1');
  octal(checksumOf(block), 148, 6);
  block.write('\0 ', 154, 'latin1');
  return block;
};

/** Of a header whose own field for it is spaces. */
export const checksumOf = (block: Buffer): number => {
  let sum = 0;
  for (const byte of block) sum += byte;
  return sum;
};
