import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A program that runs user code, or fetches what it needs. */
export type Interpreter = 'python3' | 'bash' | 'bun' | 'uv';

/** No such interpreter in this image or on this machine. The message names it and how to mend it. */
class InterpreterMissing extends Error {
  override readonly name = 'InterpreterMissing';
}

const run = promisify(execFile);
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** How a shim is asked for the program behind it: a pyenv shim costs 100 ms at each start. */
const ASK: Record<Interpreter, string[] | undefined> = {
  python3: ['-c', 'import sys; print(sys.executable)'],
  bun: ['-e', 'console.log(process.execPath)'],
  bash: undefined,
  uv: undefined,
};

const MEND: Record<Interpreter, string> = {
  python3: 'Install Python 3.9 or newer so that `python3` is on PATH',
  bun: 'Install bun (`npm install bun`) so that `bun` is on PATH',
  bash: 'Install bash so that `bash` is on PATH',
  uv: 'Install uv (https://docs.astral.sh/uv) so that `uv` is on PATH',
};

/** Finds interpreters on `path` once each; a failed search is repeated, so that an install mends a living environment. */
export const interpreterFinder = (path: string): ((name: Interpreter) => Promise<string>) => {
  const found = new Map<Interpreter, string>();
  return async (name) => {
    const known = found.get(name) ?? (await find(name, path));
    if (known === undefined)
      throw new InterpreterMissing(`${name} was not found on PATH (${path}). ${MEND[name]}, then run the job again.`);
    found.set(name, known);
    return known;
  };
};

const find = async (name: Interpreter, path: string): Promise<string | undefined> => {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    const head = await headOf(file);
    if (head === undefined) continue;
    if (head.equals(ELF)) return file;
    const real = await ask(file, name, path);
    if (real !== undefined) return real;
  }
  return undefined;
};

const headOf = async (file: string): Promise<Buffer | undefined> => {
  try {
    await access(file, constants.X_OK);
    await using handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer;
  } catch {
    return undefined;
  }
};

const ask = async (file: string, name: Interpreter, path: string): Promise<string | undefined> => {
  const question = ASK[name];
  if (question === undefined) return file;
  try {
    const { stdout } = await run(file, question, { env: { PATH: path }, timeout: 10_000 });
    const real = stdout.trim();
    return (await headOf(real))?.equals(ELF) === true ? real : undefined;
  } catch {
    return undefined;
  }
};
