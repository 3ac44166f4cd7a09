import { spawn } from 'node:child_process';
import { killGroup } from '../processes.ts';

/**
 * An installer of packages did not do it. `unsatisfiable`: no choice of packages fits, or one cannot be had or built: asking
 * again is no use. `unreachable`: an index did not answer, however often it was asked. `timeout`: it took longer than it was
 * given. The message is the installer's own, without the names and passwords of URLs.
 */
export class PackagesFailed extends Error {
  override readonly name = 'PackagesFailed';
  readonly why: 'unsatisfiable' | 'unreachable' | 'timeout';

  constructor(why: PackagesFailed['why'], message: string) {
    super(message);
    this.why = why;
  }
}

type Installer = {
  file: string;
  argv: string[];
  cwd: string;
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>;
  /** What it means that it ended with this code and said this. */
  why: (code: number | null, said: string) => PackagesFailed['why'];
};

const OUTPUT_LIMIT = 4 * 1024 * 1024;

/** Runs it once and gives its stdout. Its whole process group is gone when this settles. Throws PackagesFailed. */
export const runInstaller = async ({ file, argv, cwd, env, why }: Installer, timeoutMs: number): Promise<string> => {
  const child = spawn(file, argv, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) killGroup(child.pid);
  }, timeoutMs);
  child.once('error', reject);
  child.once('close', resolve);
  try {
    const code = await promise;
    if (code === 0) return out();
    const said = withoutCredentials(err());
    if (late) throw new PackagesFailed('timeout', `the packages were not there after ${timeoutMs / 1000} s; ${said}`);
    throw new PackagesFailed(why(code, said), said);
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined) killGroup(child.pid);
  }
};

const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-OUTPUT_LIMIT);
  });
  return () => text;
};

const withoutCredentials = (text: string): string => text.replace(/:\/\/[^/\s@]*@/g, '://*****@').trim();
