import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Item } from './left-behind.ts';
import { Rig } from './rig.ts';

const NOTE = 'file="$1"\necho "$WM_JOB_ID" >> "$file"\n';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  await rig.millrace.script('f/demo/note', 'bash', `${NOTE}echo "$WM_JOB_ID"`);
  await rig.millrace.script('f/demo/slow', 'bash', `${NOTE}sleep 1\necho "$WM_JOB_ID"`);
}, 60_000);
afterAll(() => rig.stop());
afterEach(async () => {
  rig.millrace.cloud.faults.clear();
  await rig.recover();
  expect(rig.left.leftovers()).toEqual([]);
});

let files = 0;
const newFile = (): string => {
  files += 1;
  return `runs-${files}`;
};
const start = (path: string, file: string, more: object = {}): Promise<string> =>
  rig.millrace.text('POST', `/w/demo/jobs/run/p/f/demo/${path}`, 201, { file: rig.file(file), ...more });
const over = (job: Item): boolean => job.status !== 'queued' && job.status !== 'running';
const queueOf = (tag: string): string =>
  rig.millrace.cloud.sqs.names().find((name) => name.includes(`Tag${tag}`)) ?? '';
const send = (tag: string, body: string): void => rig.millrace.cloud.services.sqs.send(queueOf(tag), { body });

/** Processes of a function's environments. */
const processesOf = (word: string): number[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const environment = readFileSync(join('/proc', pid, 'environ'), 'latin1');
      const name = rig.millrace.cloud.functionNamed(word);
      const ours =
        environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${name}\0`) && environment.includes(rig.millrace.home);
      return ours ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });

describe('a job whose worker dies', () => {
  it('before its first beat is run again when its message comes back, after 10 s and without the reaper', async () => {
    const file = newFile();
    rig.millrace.cloud.faults.add({ function: 'dispatch', service: 'lambda', nth: 1, action: { kind: 'kill-before' } });
    const id = await start('note', file);
    await rig.until(id, (job) => job.status === 'running');
    await rig.quiet();
    rig.millrace.cloud.clock.advance(10_000);
    await rig.until(id, over);
    expect(rig.left.job(id)).toMatchObject({ status: 'success', attempt: 2 });
    expect(rig.runs(file)).toEqual([id]);
  });

  it('four times over fails with the reason, and is not started a fifth time', async () => {
    const file = newFile();
    rig.millrace.cloud.faults.add({ function: 'dispatch', service: 'lambda', action: { kind: 'kill-before' } });
    const id = await start('note', file);
    for (let tries = 0; tries < 6 && !over(rig.left.job(id) ?? { pk: '', sk: '' }); tries += 1) {
      await rig.quiet();
      rig.millrace.cloud.clock.advance(11_000);
    }
    await rig.until(id, over);
    expect(rig.left.job(id)).toMatchObject({ status: 'failure', attempt: 4 });
    expect(JSON.stringify(rig.left.job(id)?.result)).toContain('its worker died or lost contact 4 times');
    expect(rig.runs(file)).toEqual([]);
  });

  it('is looked after by two sweepers at once, and runs once more', async () => {
    const file = newFile();
    rig.millrace.cloud.faults.add({ function: 'dispatch', service: 'lambda', nth: 1, action: { kind: 'kill-before' } });
    const id = await start('note', file);
    await rig.until(id, (job) => job.status === 'running');
    await rig.quiet();
    rig.millrace.cloud.clock.advance(61_000);
    await Promise.all([1, 2, 3].map(() => rig.millrace.cloud.tick('reaper')));
    await rig.until(id, over);
    expect(rig.runs(file)).toEqual([id]);
  });
});

it('a worker that was stopped past its lease and goes on finds its result refused: the second one stands', async () => {
  const file = newFile();
  await rig.millrace.script(
    'f/demo/first_slow',
    'bash',
    `${NOTE}[ "$(wc -l < "$file")" -gt 1 ] || sleep 4\nwc -l < "$file"`,
  );
  const id = await start('first_slow', file);
  await rig.until(id, (job) => job.status === 'running');
  await expect.poll(() => rig.left.items('workers').length, { timeout: 8_000 }).toBe(1);
  const stopped = processesOf('dispatch');
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  try {
    rig.millrace.cloud.services.sqs.redeliver();
    rig.millrace.cloud.clock.advance(13_000);
    await rig.millrace.cloud.tick('reaper');
    await rig.until(id, over);
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
  }
  expect(rig.left.job(id)).toMatchObject({ status: 'success', attempt: 2, result: { text: '"2"' } });
  await rig.quiet();
  expect(rig.left.job(id)).toMatchObject({ status: 'success', attempt: 2, result: { text: '"2"' } });
});

it('a runner that is killed for memory fails its job with a reason, and no other', async () => {
  const file = newFile();
  const id = await start('slow', file);
  await expect.poll(() => rig.runs(file), { timeout: 8_000 }).toEqual([id]);
  await rig.millrace.cloud.lambda.killEnvironment(rig.millrace.cloud.functionNamed('runner'));
  await rig.until(id, over);
  expect(rig.left.job(id)).toMatchObject({ status: 'failure', attempt: 1 });
  expect(JSON.stringify(rig.left.job(id)?.result)).toContain('Job failed: its runner');
  expect((await rig.millrace.completed(await start('note', newFile()))).success).toBe(true);
});

describe('messages', () => {
  it('hours late, of jobs that are over or canceled, are dropped', async () => {
    const file = newFile();
    const done = await start('note', file);
    await rig.until(done, over);
    const canceled = await rig.millrace.text('POST', '/w/demo/jobs/run/p/f/demo/note?scheduled_in_secs=600', 201, {
      file: rig.file(file),
    });
    await rig.millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${canceled}`, 200, {});
    rig.millrace.cloud.clock.advance(4 * 3_600_000);
    for (const id of [done, canceled, done]) send('bash', JSON.stringify({ workspace: 'demo', id }));
    await rig.quiet();
    expect(rig.runs(file)).toEqual([done]);
    expect(rig.left.job(canceled)).toMatchObject({ status: 'canceled' });
  });

  it('of an older or newer release are read: what is not known of them is passed over', async () => {
    const file = newFile();
    const id = await rig.millrace.text('POST', '/w/demo/jobs/run/p/f/demo/note?scheduled_in_secs=60', 201, {
      file: rig.file(file),
    });
    rig.millrace.cloud.clock.advance(59_000);
    send('bash', JSON.stringify({ v: 9, workspace: 'demo', id, since: 'tomorrow', more: { of: ['it'] } }));
    rig.millrace.cloud.clock.advance(2_000);
    await rig.until(id, over);
    expect(rig.runs(file)).toEqual([id]);
  });

  it('that are no JSON go to the dead letters, are told, and hold nobody up', async () => {
    for (const body of ['not JSON', '{"workspace":"demo"}', '[]']) send('bash', body);
    const id = await start('note', newFile());
    await rig.until(id, over);
    for (let receives = 0; receives < 6; receives += 1) {
      await rig.quiet();
      rig.millrace.cloud.clock.advance(2 * 3_600_000);
    }
    await rig.quiet();
    const log = readFileSync(
      join(rig.millrace.home, 'logs', `${rig.millrace.cloud.functionNamed('deadletter')}.log`),
      'utf8',
    );
    expect(log.match(/a dead letter is no job message/g)).toHaveLength(3);
  }, 60_000);
});

describe('services in trouble', () => {
  it('every tenth call throttled and every eleventh failed: no job is lost, none ends twice', async () => {
    const file = newFile();
    const { faults } = rig.millrace.cloud;
    faults.add({ service: 'dynamodb', every: 10, action: { kind: 'throttle' } });
    faults.add({
      service: 'dynamodb',
      every: 11,
      action: { kind: 'refuse', status: 500, code: 'InternalServerError' },
    });
    faults.add({ service: 'sqs', every: 10, action: { kind: 'throttle' } });
    const send = async (n: number): Promise<string> => {
      const { status, text } = await rig.insist(
        '/w/demo/jobs/run/p/f/demo/note',
        { file: rig.file(file) },
        `${file}-${n}`,
      );
      expect(status).toBe(201);
      return text;
    };
    const ids = await Promise.all(Array.from({ length: 15 }, (_, n) => send(n)));
    await rig.recover();
    for (const id of ids) expect(rig.left.job(id)).toMatchObject({ status: 'success' });
    expect(new Set(rig.runs(file))).toEqual(new Set(ids));
  }, 60_000);

  it('no S3: a small result is kept, and a notice stands for the rest of a large log', async () => {
    const content = 'def main(file):\n    for n in range(300): print(n, "x" * 100)\n    return 42';
    await rig.millrace.script('f/demo/talks', 'python3', content);
    rig.millrace.cloud.faults.add({
      service: 's3',
      operation: 'PutObject',
      action: { kind: 'refuse', status: 503, code: 'SlowDown' },
    });
    const id = await start('talks', newFile());
    await rig.until(id, over);
    expect(await rig.millrace.completed(id)).toMatchObject({ success: true, result: 42 });
    const log = await rig.millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    expect(log).toContain('[millrace] the rest of the log could not be stored');
  }, 30_000);

  it('no S3 for a large result: the job fails with the reason, and its code is not run again', async () => {
    const file = newFile();
    const content =
      'import os\ndef main(file):\n    open(file, "a").write(os.environ["WM_JOB_ID"] + "\\n")\n    return "x" * 20000';
    await rig.millrace.script('f/demo/returns', 'python3', content);
    rig.millrace.cloud.faults.add({
      service: 's3',
      operation: 'PutObject',
      action: { kind: 'refuse', status: 503, code: 'SlowDown' },
    });
    const id = await start('returns', file);
    await rig.until(id, over);
    expect(rig.left.job(id)).toMatchObject({ status: 'failure', attempt: 1 });
    expect(JSON.stringify(rig.left.job(id)?.result)).toContain('could not be stored');
    expect(rig.runs(file)).toEqual([id]);
  }, 30_000);

  it('a store that fails for a minute before a job may start: it is tried again at growing pauses', async () => {
    const file = newFile();
    rig.millrace.cloud.faults.add({
      function: 'dispatch',
      service: 'dynamodb',
      operation: 'Query',
      action: { kind: 'refuse', status: 500, code: 'InternalServerError' },
    });
    rig.millrace.cloud.clock.advance(61_000);
    const id = await start('note', file);
    await rig.until(id, (job) => job.status === 'queued' && Number(job.attempt) === 1);
    await rig.quiet();
    rig.millrace.cloud.faults.clear();
    rig.millrace.cloud.clock.advance(3_000);
    await rig.until(id, over);
    expect(rig.left.job(id)).toMatchObject({ status: 'success', attempt: 2 });
  }, 30_000);
});

it('a storm of failing jobs with retries leaves the workers of another tag alone', async () => {
  const file = newFile();
  await rig.millrace.script('f/demo/storm', 'bash', `${NOTE}exit 3`, {
    retry: { exponential: { attempts: 2, multiplier: 1, seconds: 2, random_factor: 50 } },
  });
  await rig.millrace.script('f/demo/other', 'python3', 'def main(file): return 1');
  const ids = await Promise.all(Array.from({ length: 20 }, () => start('storm', file)));
  const other = await start('other', file);
  await rig.until(other, over);
  expect(ids.some((id) => !over(rig.left.job(id) ?? { pk: '', sk: '' }))).toBe(true);
  for (let rounds = 0; rounds < 20 && rig.left.unfinished().length > 0; rounds += 1) {
    rig.millrace.cloud.clock.advance(3_000);
    await rig.quiet();
  }
  for (const id of ids) expect(rig.left.job(id)).toMatchObject({ status: 'failure', retried: 2 });
  expect(rig.runs(file)).toHaveLength(20 * 3);
}, 60_000);

it('a debounced request that was cut before it joined its batch brings what it has when it is repeated', async () => {
  const content = 'def main(file, items: list): return items';
  const debounce = { debounce_delay_s: 5, debounce_key: 'cut', debounce_args_to_accumulate: ['items'] };
  await rig.millrace.script('f/demo/collects', 'python3', content, debounce);
  const ask = (n: number) =>
    rig
      .insist('/w/demo/jobs/run/p/f/demo/collects', { file: '', items: [n] }, `collects-${n}`)
      .then(({ text }) => text);
  await ask(1);
  // Made, but not in its batch.
  rig.millrace.cloud.faults.add({ function: 'webhook', operation: 'PutItem', nth: 3, action: { kind: 'kill-before' } });
  await ask(2);
  const last = await ask(3);
  rig.millrace.cloud.clock.advance(6_000);
  await rig.until(last, over);
  expect(await rig.millrace.completed(last)).toMatchObject({ result: [1, 2, 3] });
});
