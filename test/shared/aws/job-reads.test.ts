import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JobCounts } from '../../../shared/aws/job-counts.ts';
import { JobReads } from '../../../shared/aws/job-reads.ts';
import type { Job } from '../../../shared/model/job.ts';
import type { JobFilter } from '../../../shared/model/job-filter.ts';
import { type Api, startApi } from '../../support/api.ts';
import { aJob } from '../../support/stores.ts';

let api: Api;
let reads: JobReads;
let counts: JobCounts;
let calls = 0;

beforeAll(async () => {
  api = await startApi();
  // The jobs here are of 1970.
  await api.call('POST', '/settings/global/retention_period_secs', { body: { value: 0 } });
  reads = new JobReads(api.db, 'jobs');
  counts = new JobCounts(api.db, 'jobs');
  await makeJobs();
  api.db.middlewareStack.add(
    (next) => (args) => {
      calls += 1;
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(() => api.stop());

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const path = (value: string) => ({ values: [value], negated: false, wildcards: false });

/**
 * 300 jobs, one a second from 1,000 s on: odd ones are scripts, even ones previews. 1-200 are completed (each tenth
 * failed), 201-250 are canceled or running, 251-300 wait. Number 7 alone is of user `rare`.
 */
const makeJobs = async (): Promise<void> => {
  const rest = Array.from({ length: 300 }, (_, index) => index + 1).values();
  const makers = Array.from({ length: 20 }, async () => {
    for (const n of rest) await makeJob(n);
  });
  await Promise.all(makers);
};

const makeJob = async (n: number): Promise<void> => {
  const job: Job = aJob({
    id: idOf(n),
    kind: n % 2 === 1 ? 'script' : 'preview',
    created_at: 1_000_000 + n * 1_000,
    scheduled_for: 1_000_000 + n * 1_000,
    created_by: n === 7 ? 'rare' : 'admin',
    tag: n % 3 === 0 ? 'bash' : 'python3',
    path: n % 5 === 0 ? 'f/demo/fifth' : 'f/demo/other',
    args: { at: 'inline', text: JSON.stringify({ n, deep: { list: [n, 'x'] } }) },
  });
  await api.jobs.create(job);
  if (n > 250) return;
  await api.jobs.claim(job, { worker: `wk-default-${n % 2}`, now: 2_000_000, op: 'claim:1' });
  if (n > 225) return;
  const status = n > 200 ? ('canceled' as const) : n % 10 === 0 ? ('failure' as const) : ('success' as const);
  const result = { at: 'inline' as const, text: JSON.stringify({ n }) };
  const by = status === 'canceled' ? { canceledBy: 'admin' } : {};
  await api.jobs.finish(job, 1, { status, completedAt: 2_000_000 + n, result, ...by }, 'finish:1');
};

const numbers = async (filter: JobFilter, more: { page?: number; perPage?: number; oldestFirst?: boolean } = {}) => {
  const jobs = await reads.list('demo', { filter, by: 'creation', page: 1, perPage: 30, oldestFirst: false, ...more });
  return jobs.map((job) => Number(job.id.slice(-12)));
};
const downFrom = (from: number, count: number, step = 1) => Array.from({ length: count }, (_, i) => from - i * step);

describe('a list without filter', () => {
  test('gives the newest 30 of all kinds, newest first, in at most 10 calls', async () => {
    calls = 0;
    expect(await numbers({})).toEqual(downFrom(300, 30));
    expect(calls).toBeLessThanOrEqual(10);
  });

  test('goes on where the last page ended, by page or by created_before', async () => {
    expect(await numbers({}, { page: 3, perPage: 20 })).toEqual(downFrom(260, 20));
    expect(await numbers({ createdBefore: 1_000_000 + 261_000 }, { perPage: 20 })).toEqual(downFrom(260, 20));
  });

  test('runs from the oldest when asked to, and ends where the jobs end', async () => {
    expect(await numbers({}, { oldestFirst: true, perPage: 3 })).toEqual([1, 2, 3]);
    expect(await numbers({}, { page: 4, perPage: 100 })).toEqual([]);
  });

  test('of another workspace is empty', async () => {
    expect(await reads.list('other', { filter: {}, by: 'creation', page: 1, perPage: 30, oldestFirst: false })).toEqual(
      [],
    );
  });
});

describe('a list with a filter', () => {
  test.each<[string, JobFilter, number[]]>([
    ['one kind', { kinds: ['preview'] }, downFrom(300, 30, 2)],
    ['no kind', { kinds: [] }, []],
    ['one path', { path: path('f/demo/fifth') }, downFrom(300, 30, 5)],
    ['one path of one kind', { path: path('f/demo/fifth'), kinds: ['script'] }, downFrom(295, 30, 10)],
    ['failed and canceled', { success: false }, [...downFrom(225, 25), 200, 190, 180, 170, 160]],
    ['failed only', { status: ['failure'] }, downFrom(200, 20, 10)],
    ['canceled only', { status: ['canceled'] }, downFrom(225, 25)],
    ['running', { running: true }, downFrom(250, 25)],
    ['queued or running', { state: 'live' }, downFrom(300, 30)],
    ['completed', { state: 'completed' }, downFrom(225, 30)],
    ['a user with one job', { createdBy: path('rare') }, [7]],
    ['arguments by subset', { args: { deep: { list: [123] } } }, [123]],
    ['a result by subset', { result: { n: 77 } }, [77]],
    ['a time range', { createdAfter: 1_010_000, createdBefore: 1_013_000 }, [12, 11]],
    ['a parent nobody has', { parentJob: idOf(1) }, []],
    ['flow steps, which do not exist yet', { isFlowStep: true }, []],
  ])('finds %s', async (_, filter, expected) => {
    expect(await numbers(filter)).toEqual(expected);
  });

  test('reads a bounded number of pages for what is rare', async () => {
    calls = 0;
    await numbers({ createdBy: path('rare') });
    expect(calls).toBeLessThanOrEqual(10);
  });

  test('takes pages of filtered jobs without loss or repetition', async () => {
    const filter: JobFilter = { success: true, tag: path('bash') };
    const pages = await Promise.all([1, 2, 3, 4, 5].map((page) => numbers(filter, { page, perPage: 20 })));
    const all = Array.from({ length: 200 }, (_, i) => 200 - i).filter((n) => n % 3 === 0 && n % 10 !== 0);
    expect(pages.flat()).toEqual(all);
  });
});

describe('counts', () => {
  test('tell the waiting, the completed, the failed', async () => {
    expect(await counts.waiting('demo', 10_000_000)).toBe(50);
    expect(await counts.waiting('demo', 1_000_000 + 261_000)).toBe(10);
    expect(await counts.waiting('demo', 10_000_000, ['bash'])).toBe(17);
    expect(await counts.completed('demo', 0, {})).toBe(225);
    expect(await counts.completed('demo', 0, { success: false })).toBe(45);
    expect(await counts.completed('demo', 0, { success: true })).toBe(180);
  });
});

describe('the routes over them', () => {
  test('read filters from the query and leave arguments and results out', async () => {
    await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
    const listed = await api.json('GET', '/w/demo/jobs/list?job_kinds=script,flow,singlestepflow&per_page=3&page=0');
    expect(listed.map((job: { id: string }) => job.id)).toEqual([299, 297, 295].map(idOf));
    expect(listed[0]).not.toHaveProperty('args');
    const negated = await api.json('GET', '/w/demo/jobs/list?tag=!bash,bun&per_page=2');
    expect(negated.map((job: { id: string }) => job.id)).toEqual([299, 298].map(idOf));
    const globbed = await api.json(
      'GET',
      '/w/demo/jobs/list?worker=wk-*-0&allow_wildcards=true&per_page=1&running=true',
    );
    expect(globbed).toMatchObject([{ id: idOf(250), worker: 'wk-default-0' }]);
  });

  test('serve the queue, the completed ones, ids, counts and places', async () => {
    expect(await api.json('GET', '/w/demo/jobs/queue/list?per_page=100000')).toHaveLength(75);
    expect(await api.json('GET', '/w/demo/jobs/completed/list?success=false&per_page=2')).toMatchObject([
      { id: idOf(225), type: 'CompletedJob' },
      { id: idOf(224) },
    ]);
    expect(await api.json('GET', '/w/demo/jobs/list_filtered_uuids?created_by=rare')).toEqual([idOf(7)]);
    expect(await api.json('GET', '/w/demo/jobs/queue/count')).toEqual({ database_length: 50, suspended: 0 });
    expect(await api.json('GET', '/w/demo/jobs/completed/count')).toEqual({ database_length: 225 });
    expect(await api.json('GET', '/w/demo/jobs/completed/count_jobs?success=false')).toBe(45);
    expect(await api.json('GET', '/w/demo/jobs/queue/position/1261000')).toEqual({ position: 11 });
    expect(await api.json('GET', `/w/demo/jobs/queue/scheduled_for/${idOf(300)}`)).toBe(1_300_000);
  });

  test.each([
    ['status=odd', /status: odd is none of/],
    ['created_before=yesterday', /created_before: must be an RFC 3339 time/],
    ['running=maybe', /running/],
    ['args={', /args: is not JSON/],
    ['per_page=many', /per_page: must be a whole number/],
  ])('refuse %s with a 400 that names it', async (query, message) => {
    const refused = await api.call('GET', `/w/demo/jobs/list?${query}`);
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(message);
  });
});
