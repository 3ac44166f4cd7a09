import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { PATH, requestFor } from './run.ts';

type Batch = { seq: number; log: string; last?: { result: string; end: { outcome: string } } };

/** Plays the platform for one task: gives it its order, loses the answers to `lost`, and collects what it takes. */
const runTask = async (code: string, env: Record<string, string>, lost: number[]) => {
  const posts: Batch[] = [];
  const taken = new Map<number, Batch>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url?.endsWith('/order'))
      return response.end(JSON.stringify({ request: requestFor('bash', code), head: 'head\n' }));
    if (request.url?.endsWith('/control')) return response.end(JSON.stringify({ action: 'continue' }));
    const batch: Batch = JSON.parse(body);
    const isLost = lost.includes(batch.seq) && !taken.has(batch.seq);
    posts.push(batch);
    taken.set(batch.seq, batch);
    if (isLost) return request.socket.destroy();
    return response.end(JSON.stringify({ log: batch.log.length, stream: 0 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const task = spawn(process.execPath, [resolve('functions/runner/task.ts')], {
    env: {
      PATH,
      MILLRACE_ATTEMPT_URL: `http://127.0.0.1:${port}/attempt`,
      MILLRACE_FRAMES_TOKEN: 'the-frames-token',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(task.stdout), text(task.stderr)]);
  const [status] = await once(task, 'exit');
  server.closeAllConnections();
  server.close();
  expect(status, (await said).join('')).toBe(0);
  const batches = [...taken.values()];
  return { posts, log: batches.map((batch) => batch.log).join(''), last: batches.at(-1)?.last };
};

it('a batch whose answer is lost is posted again under its number, and the log is whole', async () => {
  const { posts, log, last } = await runTask('echo one; sleep 0.7; echo two; sleep 0.7; echo three', {}, [1, 2]);
  expect(log).toBe('head\none\ntwo\nthree\n');
  expect(last).toMatchObject({ result: '"three"', end: { outcome: 'success' } });
  const numbers = posts.map(({ seq }) => seq);
  expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  expect(numbers.filter((seq) => seq === 1)).toHaveLength(2);
}, 30_000);

it.runIf(process.getuid?.() === 0)(
  'user code is another user, who sees nothing of the runner',
  async () => {
    const look =
      'id -u; for what in environ mem cwd; do cat /proc/$PPID/$what >/dev/null 2>&1 && echo "read $what"; done; ' +
      'kill -9 $PPID 2>/dev/null && echo killed; echo open > /dev/stderr; touch mine && echo end';
    const { log } = await runTask(look, { MILLRACE_JOB_USER: '1000' }, []);
    expect(log).toBe('head\n1000\nopen\nend\n');
  },
  30_000,
);
