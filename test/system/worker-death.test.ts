import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processesLeft, Server } from './server.ts';

let folder: string;
let home: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-death-'));
  home = join(folder, 'home');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.end();
  expect(await processesLeft(home, 3000)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

/** Hangs at its first run only. */
const HANGS_ONCE = `
file="$1"
echo run >> "$file"
runs=$(wc -l < "$file")
echo "this is run $runs"
if [ "$runs" = 1 ]; then sleep 600; fi
echo "ended at run $runs"
`;
const NOTE = 'name="$1"\nfile="$2"\necho "$name" >> "$file"\n';

it('a job whose worker was killed under it is run again under the same id, and those queued behind it once', async () => {
  const before = await Server.start(home, 1);
  servers.push(before);
  await before.workspace();
  const [hung, queued] = [join(folder, 'hung'), join(folder, 'queued')];
  await before.script('f/demo/hangs', 'bash', HANGS_ONCE);
  await before.script('f/demo/note', 'bash', NOTE);
  const running = await before.text('POST', '/w/demo/jobs/run/p/f/demo/hangs', 201, { file: hung });
  await before.running(running);
  const behind: string[] = [];
  for (const name of ['a', 'b', 'c'])
    behind.push(await before.text('POST', '/w/demo/jobs/run/p/f/demo/note', 201, { name, file: queued }));
  // Its worker has to vouch for it at least once: a beat comes after 3 s.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  expect(await before.json('GET', '/w/demo/jobs/queue/count')).toMatchObject({ database_length: 3 });
  await before.kill();

  const after = await Server.start(home, 1);
  servers.push(after);
  for (const id of behind) expect(await after.completed(id, 60_000)).toMatchObject({ success: true });
  const job = await after.completed(running, 60_000);
  expect(job).toMatchObject({ success: true, result: 'ended at run 2' });
  expect(readFileSync(hung, 'utf8')).toBe('run\nrun\n');
  expect(readFileSync(queued, 'utf8').trim().split('\n').sort()).toEqual(['a', 'b', 'c']);
  const log = await after.text('GET', `/w/demo/jobs_u/get_logs/${running}?remove_ansi_warnings=true`, 200);
  expect(log.match(/^this is run \d$/gm)).toEqual(['this is run 1', 'this is run 2']);
  expect(await after.json('GET', '/w/demo/jobs/completed/count')).toEqual({ database_length: 4 });
  expect(await after.json('GET', '/w/demo/jobs/queue/list')).toEqual([]);
}, 90_000);
