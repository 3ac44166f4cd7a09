import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const root = dirname(dirname(import.meta.dirname));
const home = mkdtempSync(join(tmpdir(), 'millrace-main-'));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

type Run = { child: ChildProcess; said: () => string; until: (what: RegExp) => Promise<string> };

const run = (port: number, env: Record<string, string> = {}): Run => {
  const child = spawn(process.execPath, ['local/start.mjs'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), MILLRACE_HOME: home, MILLRACE_ADMIN_TOKEN: 'preset', ...env },
  });
  started.push(child);
  let said = '';
  child.stdout.on('data', (part: Buffer) => (said += part));
  child.stderr.on('data', (part: Buffer) => (said += part));
  const until = async (what: RegExp): Promise<string> => {
    await expect.poll(() => said, { timeout: 15_000, interval: 20 }).toMatch(what);
    return said;
  };
  return { child, said: () => said, until };
};

const exitOf = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = await once(child, 'exit');
  return code;
};

/** Processes whose command line or environment names the state folder. */
const leftovers = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
      return /^\d+$/.test(pid) && Number(pid) !== process.pid && text.includes(home);
    } catch {
      return false;
    }
  });

describe('npm start', () => {
  it('says where it is, with the token and a command to try, and stops on SIGINT within 3 s', async () => {
    const port = await freePort();
    const { child, until, said } = run(port);
    await until(/ready/);
    expect(said()).toContain(`http://localhost:${port}`);
    expect(said()).toContain('Admin token: preset');
    expect(said()).toMatch(/curl .*run_wait_result/);
    expect(said()).not.toMatch(/Warning/);
    const email = /To log in: (\S+),/.exec(said())?.[1];
    const login = await fetch(`http://localhost:${port}/api/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ email, password: 'preset' }),
    });
    expect(login.status).toBe(200);
    const headers = { authorization: `Bearer ${await login.text()}` };
    const admin = await fetch(`http://localhost:${port}/api/users/whoami`, { headers });
    expect(await admin.json()).toMatchObject({ email, super_admin: true });
    const asked = performance.now();
    child.kill('SIGINT');
    expect(await exitOf(child)).toBe(0);
    expect(performance.now() - asked).toBeLessThan(3000);
    expect(leftovers()).toEqual([]);
  });

  it('starts at once after kill -9, with nothing left of the dead one', async () => {
    const port = await freePort();
    const first = run(port);
    await first.until(/ready/);
    await fetch(`http://127.0.0.1:${port}/api/version`).catch(() => undefined);
    first.child.kill('SIGKILL');
    await exitOf(first.child);
    const second = run(port);
    await second.until(/ready/);
    second.child.kill('SIGTERM');
    expect(await exitOf(second.child)).toBe(0);
    await expect.poll(leftovers).toEqual([]);
  });

  it('refuses a second start on the same folder or port in one clear line', async () => {
    const port = await freePort();
    const first = run(port);
    await first.until(/ready/);
    const sameFolder = run(await freePort());
    expect(await exitOf(sameFolder.child)).toBe(1);
    expect(sameFolder.said()).toMatch(/^Millrace did not start: another Millrace runs on .*MILLRACE_HOME/);
    const samePort = run(port, { MILLRACE_HOME: join(home, 'other') });
    expect(await exitOf(samePort.child)).toBe(1);
    expect(samePort.said()).toMatch(/^Millrace did not start: port \d+ is in use: set PORT/);
    first.child.kill('SIGTERM');
    expect(await exitOf(first.child)).toBe(0);
  });

  it('names a setting that is wrong', async () => {
    const wrong = run(0, { PORT: 'eighty' });
    expect(await exitOf(wrong.child)).toBe(1);
    expect(wrong.said()).toMatch(/PORT/);
  });
});
