import { describe, expect, test } from 'vitest';
import { jobUpdates, type UpdateDeps } from '../../../shared/jobs/job-updates.ts';
import type { Job } from '../../../shared/model/job.ts';
import { type LogPage, logParts } from '../../../shared/model/log-pages.ts';
import { aJob } from '../../support/stores.ts';

const ID = '00000000-0000-4000-8000-000000000001';
type State = { job: Job | undefined; pages: LogPage[]; streamed: LogPage[]; results: Record<string, string> };

/** A stream over a job that `script` changes, by a clock that moves only when the stream waits. */
const events = async (script: (state: State, now: number) => void, query = {}, takeAtMost = 1_000) => {
  const state: State = { job: aJob({ id: ID, status: 'running', attempt: 1 }), pages: [], streamed: [], results: {} };
  let now = 0;
  let looks = 0;
  const textOf = (payload: Job['args']): string =>
    payload.at === 'inline' ? payload.text : (state.results.large ?? '');
  const deps = {
    jobs: {
      get: () => {
        looks += 1;
        script(state, now);
        return Promise.resolve(state.job);
      },
    },
    payloads: {
      get: (_: unknown, payload: Job['args']) => Promise.resolve(textOf(payload)),
      stream: async function* (_: unknown, payload: Job['args']) {
        const bytes = Buffer.from(textOf(payload));
        for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
      },
    },
    logs: {
      parts: () => Promise.resolve(logParts(state.pages, { attempt: 1, tail: undefined })),
      streamParts: () => Promise.resolve(logParts(state.streamed, { attempt: 1, tail: undefined })),
      text: async function* (parts: ReturnType<typeof logParts>) {
        for (const { page, skip, take } of parts) yield (page.text ?? '').slice(skip, skip + take);
      },
    },
    now: () => now,
    wait: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  } as unknown as UpdateDeps;
  const seen = [];
  let text = '';
  for await (const piece of jobUpdates(deps, { workspace: 'demo', id: ID }, query)) {
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
    if (!text.endsWith('\n\n')) continue;
    expect(text).toMatch(/^data: .*\n\n$/);
    seen.push({ at: now, ...JSON.parse(text.slice(6)) });
    text = '';
    if (seen.length >= takeAtMost) break;
  }
  return { seen, looks };
};

const page = (start: number, text: string): LogPage => ({ attempt: 1, start, chars: text.length, text });
const done = (job: Job | undefined, result: Job['args']): Job => ({
  ...aJob({ id: ID }),
  ...job,
  status: 'success',
  completed_at: 9,
  result,
});

describe('the update stream of a job', () => {
  test('speaks on change only, and ends with the whole job', async () => {
    const { seen } = await events((state, now) => {
      if (now >= 500 && state.pages.length === 0) state.pages.push(page(0, 'one\n'));
      if (now >= 2_000) state.job = done(state.job, { at: 'inline', text: '{"n":12345678901234567890}' });
    });
    expect(seen.map(({ type, at }) => [type, at])).toEqual([
      ['update', 0],
      ['update', 500],
      ['update', 2_000],
    ]);
    expect(seen[1]).toMatchObject({ new_logs: 'one\n', log_offset: 4, running: true, completed: false });
    expect(seen[2]).toMatchObject({ completed: true, job: { type: 'CompletedJob', id: ID } });
  });

  test('goes on from the offset of the client', async () => {
    const { seen } = await events(
      (state) => {
        state.pages = [page(0, 'abcdef')];
        state.job = done(state.job, { at: 'inline', text: '1' });
      },
      { log_offset: 4 },
    );
    expect(seen).toMatchObject([{ new_logs: 'ef', log_offset: 6, completed: true }]);
  });

  test('ends after 55 s with a timeout, pinging while nothing happens', async () => {
    const { seen } = await events(() => undefined);
    expect(seen[0]?.type).toBe('update');
    expect(seen.filter(({ type }) => type === 'ping').length).toBeGreaterThanOrEqual(3);
    expect(seen.at(-1)).toMatchObject({ type: 'timeout' });
    expect(seen.at(-1)?.at).toBeLessThan(56_000);
  });

  test('gives only the result when that is asked for, without logs', async () => {
    const { seen } = await events(
      (state) => {
        state.pages = [page(0, 'noise')];
        state.job = done(state.job, { at: 'inline', text: '[1]' });
      },
      { only_result: true },
    );
    expect(seen).toMatchObject([{ completed: true, only_result: [1], success: true }]);
    expect(seen[0]).not.toHaveProperty('new_logs');
  });

  test('speaks of progress where that is asked for', async () => {
    const script = (state: State, now: number) => {
      if (state.job !== undefined && now >= 500) state.job.progress = 30;
      if (now >= 2_000) state.job = done(state.job, { at: 'inline', text: '1' });
    };
    const { seen } = await events(script, { get_progress: true });
    expect(seen.map(({ at, progress }) => [at, progress])).toEqual([
      [0, undefined],
      [500, 30],
      [2_000, 30],
    ]);
    expect((await events(script)).seen).toHaveLength(2);
  });

  test('has placeholders for large values within the job', async () => {
    const { seen } = await events((state) => {
      state.job = done(state.job, { at: 'object', key: 'k', bytes: 90_000 });
    });
    expect(seen[0]).toMatchObject({ job: { result: 'WINDMILL_TOO_BIG' } });
  });

  test('says completed only with the last piece of a long log', async () => {
    const { seen } = await events((state) => {
      state.pages = [page(0, 'x'.repeat(2_500_000))];
      state.job = done(state.job, { at: 'inline', text: '1' });
    });
    expect(seen.map(({ completed, log_offset }) => [completed, log_offset])).toEqual([
      [false, 1_000_000],
      [false, 2_000_000],
      [true, 2_500_000],
    ]);
  });

  test('brings what the job streams, from the offset of the client or the beginning of a new attempt', async () => {
    const { seen } = await events(
      (state, now) => {
        state.job = { ...aJob({ id: ID, attempt: 2 }), ...state.job, streamed: 1 };
        if (now >= 200) state.job = { ...state.job, attempt: 2, streamed: 2 };
        if (now >= 200) state.streamed = [page(7, 'anew')];
        else if (now >= 100) state.streamed = [page(0, 'streams')];
        if (now >= 300) state.job = done(state.job, { at: 'inline', text: '"anew"' });
      },
      { stream_offset: 3, only_result: true },
    );
    expect(seen.map(({ new_result_stream, stream_offset }) => [new_result_stream, stream_offset])).toEqual([
      [undefined, 3],
      ['eams', 7],
      ['anew', 11],
      [undefined, 11],
    ]);
    expect(seen.at(-1)).toMatchObject({ completed: true, only_result: 'anew' });
  });

  test('says nothing of a stream of a job that has none, or whose texts were deleted', async () => {
    const { seen } = await events((state) => {
      state.streamed = [page(0, 'x')];
      state.job = { ...done(state.job, { at: 'inline', text: '1' }), streamed: 1, deleted: true };
    });
    expect(seen[0]).not.toHaveProperty('stream_offset');
    expect(seen[0]).not.toHaveProperty('new_result_stream');
  });

  test('tells when the job is gone', async () => {
    const { seen } = await events((state) => {
      state.job = undefined;
    });
    expect(seen).toMatchObject([{ type: 'notfound' }]);
  });
});
