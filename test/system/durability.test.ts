import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesLeft, Server } from './server.ts';

let folder: string;
let home: string;
/** Every job writes its argument into this file: so many lines, so many runs. */
let runs: string;
const servers: Server[] = [];
const start = async (workers?: number): Promise<Server> => {
  const server = await Server.start(home, workers);
  servers.push(server);
  return server;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-durability-'));
  home = join(folder, 'home');
  runs = join(folder, 'runs');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.end();
  expect(await processesLeft(home, 3000)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const NOTE = 'echo "$1" >> "$2"\necho "ran $1"\n';

describe('accepted jobs survive kill -9 of the whole process group', () => {
  it('those that wait for their time complete exactly once, those due later stay queued', async () => {
    const before = await start();
    await before.workspace();
    await before.script('f/demo/note', 'bash', `name="$1"\nfile="$2"\n${NOTE}`);
    const run = (name: string, query: string): Promise<string> =>
      before.text('POST', `/w/demo/jobs/run/p/f/demo/note?${query}`, 201, { name, file: runs });
    const done = await run('done', '');
    await before.completed(done);
    const soon = await Promise.all(['a', 'b', 'c', 'd'].map((name) => run(name, 'scheduled_in_secs=3')));
    const later = await run('later', 'scheduled_in_secs=3600');
    await before.kill();
    expect(await processesLeft(home, 3000)).toEqual([]);

    const after = await start();
    for (const id of soon) expect(await after.completed(id, 15_000)).toMatchObject({ success: true });
    expect(readFileSync(runs, 'utf8').trim().split('\n').sort()).toEqual(['a', 'b', 'c', 'd', 'done']);
    expect(await after.json('GET', `/w/demo/jobs_u/get/${later}`)).toMatchObject({ type: 'QueuedJob', running: false });
    expect(await after.completed(done)).toMatchObject({ success: true, result: 'ran done' });
    expect(await after.json('GET', '/w/demo/jobs/completed/count')).toEqual({ database_length: 5 });
    expect(await after.text('GET', `/w/demo/jobs_u/get_logs/${done}?remove_ansi_warnings=true`, 200)).toContain(
      'ran done',
    );
  }, 40_000);

  it('an id that was answered is on disk: a kill right after it loses nothing', async () => {
    const before = await start();
    await before.workspace();
    await before.script('f/demo/note', 'bash', `name="$1"\nfile="$2"\n${NOTE}`);
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        before.text('POST', '/w/demo/jobs/run/p/f/demo/note?scheduled_in_secs=2', 201, { name: `n${n}`, file: runs }),
      ),
    );
    await before.kill();
    const after = await start();
    for (const id of ids) expect(await after.completed(id, 15_000)).toMatchObject({ success: true });
    expect(readFileSync(runs, 'utf8').trim().split('\n').sort()).toEqual(ids.map((_, n) => `n${n}`).sort());
  }, 40_000);
});

describe('Ctrl-C', () => {
  it('stops within 5 s with exit code 0 while a job runs, and leaves no process', async () => {
    const server = await start();
    await server.workspace();
    const id = await server.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'bash', content: 'sleep 30' });
    await server.running(id);
    const { code, tookMs } = await server.interrupt();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
    expect(await processesLeft(home, 1000)).toEqual([]);
  }, 30_000);

  it('frees the state folder for the next start, which keeps tokens, scripts and results', async () => {
    const first = await start();
    await first.workspace();
    const hash = await first.script('f/demo/kept', 'bash', 'echo kept');
    expect(await first.json('POST', '/w/demo/jobs/run_wait_result/p/f/demo/kept', {})).toBe('kept');
    expect((await first.interrupt()).code).toBe(0);
    const second = await start();
    expect(await second.json('GET', '/w/demo/scripts/get/p/f/demo/kept')).toMatchObject({ hash });
    expect(await second.json('POST', `/w/demo/jobs/run_wait_result/h/${hash}`, {})).toBe('kept');
    await expect(start()).rejects.toThrow(/another Millrace runs on/);
  }, 30_000);
});
