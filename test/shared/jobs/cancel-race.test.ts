import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Canceled, cancelJob } from '../../../shared/jobs/cancel-job.ts';
import { claimJob } from '../../../shared/jobs/claim-job.ts';
import { finishJob } from '../../../shared/jobs/finish-job.ts';
import type { JobStore } from '../../../shared/jobs/ports.ts';
import { releaseLost, releaseWaiting } from '../../../shared/jobs/release-job.ts';
import { isCompleted, type Job, type WaitReason } from '../../../shared/model/job.ts';
import { lambdaOnly } from '../../support/lambda-only.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const NOW = 2_000;
const MUTATIONS = ['claim', 'finish', 'release', 'cancelQueued', 'requestCancel', 'get'] as const;

/** Somebody who does something about the job, some time. */
type Actor =
  | { does: 'work'; ends: 'success' | 'failure' | WaitReason; twice: boolean }
  | { does: 'cancel'; force: boolean }
  | { does: 'reap' };

const anActor: fc.Arbitrary<Actor> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('work' as const),
      ends: fc.constantFrom('success', 'failure', 'no_capacity', 'concurrency_limit', 'retry'),
      twice: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('cancel' as const), force: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reap' as const) }) },
);

/** What really stood in the table after each call, and who was told what. */
type History = { states: Job[]; told: Canceled['is'][]; ended: { attempt: number; status: string }[] };

/** The store of one actor: each call waits for its turn, and what it left is written down. */
const inTurns = (s: fc.Scheduler, history: History, key: Job): JobStore => {
  const turn = (name: (typeof MUTATIONS)[number]) =>
    s.scheduleFunction(async (...args: unknown[]) => {
      // biome-ignore lint/suspicious/noExplicitAny: every method alike
      const answer = await (stores.jobs[name] as any).apply(stores.jobs, args);
      const left = await stores.jobs.get(key);
      if (left !== undefined) history.states.push(left);
      return answer;
    });
  const gated = Object.fromEntries(MUTATIONS.map((name) => [name, turn(name)]));
  return Object.assign(Object.create(stores.jobs), gated, { settle: (job: Job) => stores.jobs.settle(job) });
};

const queue = {
  ...lambdaOnly,
  serves: () => true,
  backlog: async () => 0,
  send: async () => undefined,
  forget: async () => undefined,
};

const act = async (actor: Actor, n: number, deps: Stores, history: History, job: Job): Promise<void> => {
  const more = { op: `op:${n}`, now: NOW };
  switch (actor.does) {
    case 'work': {
      for (let run = 0; run < (actor.twice ? 2 : 1); run += 1)
        await work(actor.ends, `${n}:${run}`, deps, history, job);
      return;
    }
    case 'cancel': {
      const seen = await deps.jobs.get(job);
      const by = { by: `user-${n}`, reason: undefined };
      if (seen !== undefined)
        history.told.push((await cancelJob({ ...deps, queue }, seen, { by, ...more, force: actor.force })).is);
      return;
    }
    case 'reap': {
      const seen = await deps.jobs.get(job);
      if (seen?.status === 'running') await releaseLost({ ...deps, queue }, seen, more);
      return;
    }
  }
};

const work = async (ends: string, n: string, deps: Stores, history: History, job: Job): Promise<void> => {
  const claim = await claimJob(deps, job, { worker: 'wk', now: NOW, op: `claim:${n}` });
  if (claim.is !== 'run') return;
  if (ends === 'success' || ends === 'failure') {
    const result = JSON.stringify(claim.job.attempt);
    const ended = await finishJob(deps, claim.job, { status: ends, result }, { op: `end:${n}`, now: NOW });
    if (ended !== undefined) history.ended.push({ attempt: claim.job.attempt, status: ended.status });
    return;
  }
  const waits = { reason: ends as WaitReason, dueAt: NOW };
  await releaseWaiting({ ...deps, queue }, claim.job, waits, { op: `waits:${n}`, now: NOW, random: 0 });
};

/** What a worker's death leaves is the reaper's: afterwards nothing that was to be stopped runs any more. */
const settle = async (job: Job): Promise<Job> => {
  const left = await stores.jobs.get(job);
  if (left?.status === 'running' && left.canceled_by !== undefined)
    await releaseLost({ ...stores, queue }, left, { op: 'reap:last', now: NOW });
  const last = await stores.jobs.get(job);
  if (last === undefined) throw new Error('the job is gone');
  return last;
};

describe('a cancel that races', () => {
  let made = 0;

  it('claims, ends, waits and recoveries has one outcome, and what was acknowledged stays true', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(anActor, { minLength: 2, maxLength: 6 }), async (s, actors) => {
        made += 1;
        const job = aJob({ id: `race-${made}` });
        await stores.jobs.create(job);
        const history: History = { states: [job], told: [], ended: [] };
        const deps = { ...stores, jobs: inTurns(s, history, job) } as Stores;
        await s.waitFor(Promise.all(actors.map((actor, n) => act(actor, n, deps, history, job))));
        const last = await settle(job);

        const attempts = history.states.map(({ attempt }) => attempt);
        expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
        const terminal = history.states.filter(({ status }) => isCompleted(status));
        for (const state of terminal) expect(state).toEqual(last);
        if (history.told.some((is) => is === 'canceled' || is === 'stopping')) expect(last.status).toBe('canceled');
        expect(history.told).not.toContain('unknown');
        for (const end of history.ended) expect(end).toEqual({ attempt: last.attempt, status: last.status });
        if (last.status === 'success') expect(last.result).toEqual({ at: 'inline', text: String(last.attempt) });
        if (last.status === 'canceled') expect(last.canceled_by).toMatch(/^user-/);
        outcomes.set(last.status, (outcomes.get(last.status) ?? 0) + 1);
      }),
      { numRuns: 60 },
    );
    // The interleavings are worth something only if each kind of end is among them.
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['success', 'canceled']));
  }, 60_000);
});
