import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
/** Ids by name, in the order in which the jobs were made. */
const made: Record<string, string> = {};
let hash: string;

/** Each job in a millisecond of its own, so that the order of creation is theirs. */
const run = async (name: string, path: string, args: object = {}): Promise<void> => {
  made[name] = await millrace.text('POST', `/w/demo/jobs/run/${path}`, 201, args);
  await new Promise((resolve) => setTimeout(resolve, 2));
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  await millrace.workspace('other');
  hash = await millrace.script('f/demo/good', 'bash', 'n="$1"\necho "good $n"');
  await millrace.script('f/demo/bad', 'bash', 'exit 1');
  await millrace.script('f/tools/slow', 'bash', 'sleep 60');
  await run('good1', 'p/f/demo/good', { n: 'one', deep: { list: [1, 2, { a: 'b' }] } });
  await run('bad', 'p/f/demo/bad');
  await run('preview', 'preview', { language: 'python3', content: 'def main(): return 1' });
  await run('later', 'p/f/demo/good?scheduled_in_secs=3600');
  await run('sooner', 'p/f/demo/good?scheduled_in_secs=600');
  await run('canceled', 'p/f/demo/good?scheduled_in_secs=60');
  await run('untagged', 'p/f/demo/good?tag=nobody');
  await run('slow', 'p/f/tools/slow');
  await run('good2', `h/${hash}`, { n: 'two' });
  await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${made.canceled}`, 200, { reason: 'test' });
  for (const name of ['good1', 'bad', 'preview', 'good2']) await millrace.completed(made[name] ?? '');
  await millrace.running(made.slow ?? '');
}, 60_000);
afterAll(() => millrace.stop());

const nameOf = (id: string): string => Object.entries(made).find(([, one]) => one === id)?.[0] ?? id;
const names = async (path: string): Promise<string[]> =>
  (await millrace.json('GET', `/w/demo/jobs/${path}`)).map((job: { id: string }) => nameOf(job.id));

const NEWEST_FIRST = ['good2', 'slow', 'untagged', 'canceled', 'sooner', 'later', 'preview', 'bad', 'good1'];
const without = (...left: string[]): string[] => NEWEST_FIRST.filter((name) => !left.includes(name));
const LIVE = ['slow', 'untagged', 'sooner', 'later'];
const by = encodeURIComponent;

describe('jobs/list', () => {
  it('shows all jobs, newest first, each as what it is', async () => {
    const jobs = await millrace.json('GET', '/w/demo/jobs/list');
    expect(jobs.map((job: { id: string }) => nameOf(job.id))).toEqual(NEWEST_FIRST);
    expect(jobs[0]).toMatchObject({ type: 'CompletedJob', success: true, script_hash: hash, created_by: 'admin' });
    expect(jobs[1]).toMatchObject({ type: 'QueuedJob', running: true, script_path: 'f/tools/slow' });
    expect(jobs[3]).toMatchObject({ type: 'CompletedJob', canceled: true, canceled_reason: 'test', success: false });
    expect(jobs[4]).toMatchObject({ type: 'QueuedJob', running: false });
    expect(jobs.every((job: object) => !('result' in job) && !('logs' in job))).toBe(true);
  });

  it.each<[string, string, string[]]>([
    ['success', 'success=true', ['good2', 'preview', 'good1']],
    ['failure, canceled ones among them', 'success=false', ['canceled', 'bad']],
    ['status', 'status=failure', ['bad']],
    ['several statuses', 'status=failure,canceled', ['canceled', 'bad']],
    ['running', 'running=true', ['slow']],
    ['kind', 'job_kinds=preview', ['preview']],
    ['kinds of which some exist here only in Windmill', 'job_kinds=preview,flow,dependencies', ['preview']],
    ['path', 'script_path_exact=f/demo/bad', ['bad']],
    ['no path of these', 'script_path_exact=!f/demo/bad,f/demo/good', ['slow', 'preview']],
    ['the beginning of a path', 'script_path_start=f/demo/', without('slow', 'preview')],
    ['one of two beginnings', 'script_path_start=f/tools/,f/demo/b', ['slow', 'bad']],
    ['version', 'script_hash=HASH&success=true', ['good2', 'good1']],
    ['who made them', 'created_by=admin', NEWEST_FIRST],
    ['who did not', 'created_by=!admin', []],
    ['tag', 'tag=python3', ['preview']],
    ['no such tag', 'tag=!bash,python3', ['untagged']],
    ['tag with wildcards', 'tag=py*,nob*dy&allow_wildcards=true', ['untagged', 'preview']],
    ['a star that is none', 'tag=py*', []],
    ['a part of the arguments', `args=${by('{"n":"one"}')}`, ['good1']],
    ['a part deep in the arguments', `args=${by('{"deep":{"list":[{"a":"b"}]}}')}`, ['good1']],
    ['the result', `result=${by('"good two"')}`, ['good2']],
    ['the trigger', 'trigger_kind=webhook&success=true', ['good2', 'preview', 'good1']],
    ['what has no parent', 'has_null_parent=true&per_page=2', ['good2', 'slow']],
    ['a text anywhere', 'broad_filter=TOOLS', ['slow']],
    [
      'what never started',
      `started_after=${by('2020-01-01T00:00:00Z')}`,
      without('untagged', 'sooner', 'later', 'canceled'),
    ],
    ['the future', `created_after=${by('2999-01-01T00:00:00+02:00')}`, []],
  ])('is narrowed by %s', async (_what, query, expected) => {
    expect(await names(`list?${query.replace('HASH', hash)}`)).toEqual(expected);
  });

  it('is paged by number and by time, without loss and without doubling', async () => {
    expect(await names('list?per_page=4')).toEqual(NEWEST_FIRST.slice(0, 4));
    expect(await names('list?per_page=4&page=2')).toEqual(NEWEST_FIRST.slice(4, 8));
    expect(await names('list?per_page=4&page=3')).toEqual(NEWEST_FIRST.slice(8));
    expect(await names('list?per_page=4&page=4')).toEqual([]);
    expect(await names('list?per_page=100000&page=0')).toEqual(NEWEST_FIRST);
    const page: { id: string; created_at: string }[] = await millrace.json('GET', '/w/demo/jobs/list?per_page=3');
    const rest = await names(`list?created_before=${by(page.at(-1)?.created_at ?? '')}`);
    expect(rest).toEqual(NEWEST_FIRST.slice(3));
  });

  it('refuses what it does not understand and names it', async () => {
    for (const [query, what] of [
      ['per_page=0', /per_page/],
      ['page=-1', /page/],
      ['success=maybe', /success/],
      ['status=lost', /lost/],
      ['created_before=yesterday', /created_before/],
      ['args={', /args/],
      ['parent_job=7', /parent_job/],
    ] as const) {
      expect(await millrace.text('GET', `/w/demo/jobs/list?${query}`, 400)).toMatch(what);
    }
  });

  it('of another workspace shows nothing of this one', async () => {
    expect(await millrace.json('GET', '/w/other/jobs/list')).toEqual([]);
    expect(await millrace.json('GET', '/w/other/jobs/queue/list')).toEqual([]);
    expect(await millrace.json('GET', '/w/other/jobs/completed/count')).toEqual({ database_length: 0 });
    await millrace.text('GET', `/w/other/jobs_u/get/${made.good1}`, 404);
    await millrace.text('GET', '/w/nowhere/jobs/list', 404);
  });

  it('of completed jobs shows those alone, oldest first on request', async () => {
    expect(await names('completed/list')).toEqual(without(...LIVE));
    expect(await names('completed/list?order_desc=false&per_page=2')).toEqual(['good1', 'bad']);
  });
});

describe('the queue', () => {
  it('shows jobs that wait or run, the one that is due first before the others', async () => {
    const due = await Promise.all(
      LIVE.map(async (name) => ({
        name,
        at: await millrace.json('GET', `/w/demo/jobs/queue/scheduled_for/${made[name]}`),
      })),
    );
    const byDue = due.sort((a, b) => a.at - b.at).map(({ name }) => name);
    expect(await names('queue/list')).toEqual(byDue);
    expect(await names('queue/list?order_desc=true')).toEqual(byDue.toReversed());
    expect(await names('queue/list?running=true')).toEqual(['slow']);
    expect(await names('queue/list?scheduled_for_before_now=true')).toEqual(['untagged', 'slow']);
    expect(await millrace.json('GET', '/w/demo/jobs/queue/list_filtered_uuids?tag=nobody')).toEqual([made.untagged]);
  });

  it('counts those that are due and wait', async () => {
    expect(await millrace.json('GET', '/w/demo/jobs/queue/count')).toEqual({ database_length: 1, suspended: 0 });
    expect(await millrace.json('GET', '/w/demo/jobs/queue/count?tags=bash')).toEqual({
      database_length: 0,
      suspended: 0,
    });
  });

  it('gives a job its place by its scheduled_for', async () => {
    const place = async (name: string): Promise<number> => {
      const due = await millrace.json('GET', `/w/demo/jobs/queue/scheduled_for/${made[name]}`);
      return (await millrace.json('GET', `/w/demo/jobs/queue/position/${due}`)).position;
    };
    expect([await place('untagged'), await place('sooner'), await place('later')]).toEqual([1, 2, 3]);
  });
});

describe('counts of completed jobs', () => {
  it('are of all, of a state, of a tag', async () => {
    const count = (query: string) => millrace.json('GET', `/w/demo/jobs/completed/count_jobs?${query}`);
    expect(await millrace.json('GET', '/w/demo/jobs/completed/count')).toEqual({ database_length: 5 });
    expect(await count('')).toBe(5);
    expect(await count('success=true')).toBe(3);
    expect(await count('success=false')).toBe(2);
    expect(await count('tags=python3')).toBe(1);
    expect(await count('completed_after_s_ago=3600&tags=bash')).toBe(4);
  });
});

describe('one job', () => {
  it('is got with its arguments, its code unless not wanted, and its timing', async () => {
    const job = await millrace.json('GET', `/w/demo/jobs_u/get/${made.preview}`);
    expect(job).toMatchObject({ job_kind: 'preview', raw_code: 'def main(): return 1', result: 1, args: {} });
    expect(job.logs).toMatch(/^job=/);
    const bare = await millrace.json('GET', `/w/demo/jobs_u/get/${made.preview}?no_logs=true&no_code=true`);
    expect(bare).not.toHaveProperty('raw_code');
    expect(bare).not.toHaveProperty('logs');
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result_maybe/${made.bad}`)).toMatchObject({
      completed: true,
      success: false,
      started: true,
      result: { error: { name: 'ExecutionErr' } },
    });
    expect(await millrace.json('GET', `/w/demo/jobs_u/completed/get_result_maybe/${made.later}`)).toEqual({
      completed: false,
      success: false,
      started: false,
      result: null,
    });
    await millrace.text('GET', `/w/demo/jobs_u/completed/get/${made.slow}`, 404);
  });

  it('that ran under another id of the same script keeps its version', async () => {
    expect(await millrace.json('GET', `/w/demo/jobs_u/get/${made.good2}`)).toMatchObject({
      script_path: 'f/demo/good',
      script_hash: hash,
      language: 'bash',
      tag: 'bash',
      permissioned_as: 'u/admin',
    });
  });
});
