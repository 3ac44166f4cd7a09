import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const run = (path: string, args: object = {}): Promise<string> =>
  millrace.text('POST', `/w/demo/jobs/run/p/${path}`, 201, args);
const job = (id: string) => millrace.json('GET', `/w/demo/jobs_u/get/${id}`);
const log = (id: string): Promise<string> => millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
/** Asks until the job is as wanted: time goes on in steps of the cloud's clock meanwhile. */
const until = async (id: string, wanted: (job: Record<string, unknown>) => boolean, stepMs = 0): Promise<void> => {
  for (let looks = 0; looks < 200; looks += 1) {
    if (wanted(await job(id))) return;
    if (stepMs > 0) millrace.cloud.clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`job ${id} never was as wanted: ${JSON.stringify(await job(id))}`);
};
const completed = async (id: string, stepMs = 0) => {
  await until(id, ({ type }) => type === 'CompletedJob', stepMs);
  return job(id);
};

describe('a concurrency limit', () => {
  test('lets so many jobs of a key run at once, and those that wait say so', async () => {
    const code = 'import time\ndef main(key: str):\n    a = time.time(); time.sleep(0.7); return [a, time.time()]';
    await millrace.script('f/demo/one', 'python3', code, { concurrent_limit: 1, concurrency_key: 'one-$args[key]' });
    const ids = await Promise.all([
      run('f/demo/one', { key: 'x' }),
      run('f/demo/one', { key: 'x' }),
      run('f/demo/one', { key: 'y' }),
    ]);
    const [first = '', second = '', other = ''] = ids;
    await Promise.race([first, second].map((id) => until(id, ({ waits_for }) => waits_for === 'concurrency_limit')));
    const ended = await Promise.all([first, second].map((id) => completed(id, 100)));
    const [one, two] = ended.map(({ result }) => result).sort((a, b) => a[0] - b[0]);
    expect(two[0]).toBeGreaterThanOrEqual(one[1]);
    expect((await completed(other)).success).toBe(true);
    expect((await log(first)) + (await log(second))).toMatch(
      /waits until .*: 1 jobs of concurrency key one-x run already/,
    );
  });

  test('gives its place back when a job is canceled, and counts those that ended within its window', async () => {
    await millrace.script('f/demo/window', 'bash', 'seconds="$1"\nsleep "$seconds"', {
      concurrent_limit: 1,
      concurrency_time_window_s: 60,
    });
    const slow = await run('f/demo/window', { seconds: '100' });
    await millrace.running(slow);
    await millrace.text('POST', `/w/demo/jobs_u/queue/force_cancel/${slow}`, 200, {});
    const next = await run('f/demo/window', { seconds: '0' });
    await until(next, ({ waits_for }) => waits_for === 'concurrency_limit');
    millrace.cloud.clock.advance(70_000);
    expect((await completed(next, 2_000)).success).toBe(true);
  });
});

describe('a retry policy', () => {
  const FAILS = `
import os, urllib.request
def main(times: int):
    request = urllib.request.Request(os.environ["BASE_INTERNAL_URL"] + "/api/w/demo/jobs_u/get_logs/" + os.environ["WM_JOB_ID"])
    request.add_header("Authorization", "Bearer " + os.environ["WM_TOKEN"])
    if f"try {times} failed" in urllib.request.urlopen(request).read().decode():
        return "at last"
    raise ValueError("not yet")
`;

  test('tries a failed job again under its id, after its waits, until it succeeds', async () => {
    const retry = { constant: { attempts: 1, seconds: 1 }, exponential: { attempts: 2, multiplier: 1, seconds: 5 } };
    await millrace.script('f/demo/retried', 'python3', FAILS, { retry });
    const id = await run('f/demo/retried', { times: 2 });
    await until(id, ({ waits_for }) => waits_for === 'retry', 100);
    expect(await completed(id, 500)).toMatchObject({ success: true, result: 'at last' });
    expect(await log(id)).toMatch(
      /try 1 failed \(not yet\); trying again in 1 s[\s\S]*try 2 failed \(not yet\); trying again in 5 s/,
    );
  });

  test('ends when it is used up, and when its condition says no', async () => {
    const constant = { attempts: 1, seconds: 0 };
    await millrace.script('f/demo/used_up', 'bash', 'exit 3', { retry: { constant } });
    const used = await run('f/demo/used_up');
    expect(await completed(used)).toMatchObject({ success: false });
    expect((await log(used)).match(/^job=/gm)).toHaveLength(2);
    for (const [expr, told] of [
      ["error.name === 'Other'", 'retry_if says so'],
      ['while', 'could not be evaluated: SyntaxError'],
      ['(() => { for (;;); })()', 'it ran longer than 500 ms'],
      ['process.exit()', 'ReferenceError'],
    ] as const) {
      const path = `f/demo/if_${told.length}`;
      await millrace.script(path, 'bash', 'exit 3', { retry: { constant, retry_if: { expr } } });
      const id = await run(path);
      expect(await completed(id)).toMatchObject({ success: false });
      expect(await log(id)).toContain(told);
    }
  });

  test('is refused beyond 1,000 attempts or 6 hours, naming the field', async () => {
    const deploy = async (retry: object): Promise<string> =>
      millrace.text('POST', '/w/demo/scripts/create', 400, {
        path: 'f/demo/never',
        language: 'bash',
        content: '',
        retry,
      });
    expect(await deploy({ constant: { attempts: 1_001, seconds: 1 } })).toContain('retry.constant.attempts');
    expect(await deploy({ exponential: { attempts: 1, seconds: 21_601 } })).toContain('retry.exponential.seconds');
  });
});

describe('a cached result', () => {
  test('is used again by the same version and arguments until its time is over', async () => {
    await millrace.script('f/demo/cached', 'python3', 'import random\ndef main(x): return random.random()', {
      cache_ttl: 60,
    });
    const result = async (args: object): Promise<unknown> => (await completed(await run('f/demo/cached', args))).result;
    const first = await result({ x: { a: 1, b: 2 } });
    expect(await result({ x: { b: 2, a: 1 } })).toBe(first);
    expect(await result({ x: { a: 1, b: 3 } })).not.toBe(first);
    millrace.cloud.clock.advance(61_000);
    expect(await result({ x: { a: 1, b: 2 } })).not.toBe(first);
  });
});

describe('debounced runs', () => {
  test('are one run, the newest, with what the others brought', async () => {
    await millrace.script('f/demo/quiet', 'python3', 'def main(items: list, other): return [items, other]', {
      debounce_delay_s: 30,
      debounce_key: 'k-$args[other]',
      debounce_args_to_accumulate: ['items'],
    });
    const first = await run('f/demo/quiet', { items: [1], other: 'a' });
    const second = await run('f/demo/quiet', { items: [2], other: 'a' });
    const apart = await run('f/demo/quiet', { items: [3], other: 'b' });
    expect(await job(first)).toMatchObject({ type: 'CompletedJob', is_skipped: true, success: true });
    expect(await job(second)).toMatchObject({ running: false, waits_for: 'scheduled' });
    millrace.cloud.clock.advance(31_000);
    expect(await completed(second)).toMatchObject({ result: [[1, 2], 'a'] });
    expect(await completed(apart)).toMatchObject({ result: [[3], 'b'] });
    const later = await run('f/demo/quiet', { items: [4], other: 'a' });
    millrace.cloud.clock.advance(31_000);
    expect(await completed(later)).toMatchObject({ result: [[4], 'a'] });
  });
});

describe('a perpetual script', () => {
  test('runs again ten seconds after it began, and ends when it is canceled', async () => {
    await millrace.script('f/demo/perpetual', 'bash', 'echo "$WM_JOB_ID"', { restart_unless_cancelled: true });
    const first = await run('f/demo/perpetual');
    await completed(first);
    const queued = async (): Promise<{ id: string }[]> =>
      millrace.json('GET', '/w/demo/jobs/queue/list?script_path_exact=f/demo/perpetual');
    /** The run that follows is owed by one that has ended: it comes a moment after that is told. */
    const following = (id: string) =>
      vi.waitFor(
        async () => {
          const [next, ...more] = (await queued()).filter((job) => job.id !== id);
          if (next === undefined || more.length > 0) throw new Error(`${more.length + 1} runs follow ${id}`);
          return next;
        },
        { timeout: 30_000, interval: 100 },
      );
    const next = await following(first);
    expect(next).toMatchObject({ running: false, waits_for: 'scheduled' });
    millrace.cloud.clock.advance(10_000);
    expect(await completed(next.id)).toMatchObject({ success: true, result: next.id });
    const last = await following(next.id);
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${last.id}`, 200, {});
    await expect.poll(queued, { timeout: 30_000 }).toEqual([]);
  });
});

describe('a tag', () => {
  test('may come from the arguments, and one that no group serves is told', async () => {
    await millrace.script('f/demo/tagged', 'bash', 'echo ok', { tag: '$args[tag]' });
    expect(await completed(await run('f/demo/tagged', { tag: 'bash' }))).toMatchObject({ tag: 'bash', result: 'ok' });
    const nobody = await run('f/demo/tagged', { tag: 'gpu-$workspace' });
    expect(await job(nobody)).toMatchObject({ tag: 'gpu-$workspace', running: false, waits_for: 'no_worker_for_tag' });
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${nobody}`, 200, {});
  });
});
