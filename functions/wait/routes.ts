import { randomBytes, randomUUID } from 'node:crypto';
import { runRawScriptDependencies } from '../../shared/contracts/dependencies.ts';
import {
  runScriptPreviewAndWaitResult,
  runWaitResultScriptByHash,
  runWaitResultScriptByHashGet,
  runWaitResultScriptByPath,
  runWaitResultScriptByPathGet,
  waitForResult,
} from '../../shared/contracts/run.ts';
import {
  runAndStreamScriptByHash,
  runAndStreamScriptByHashGet,
  runAndStreamScriptByPath,
  runAndStreamScriptByPathGet,
} from '../../shared/contracts/run-and-stream.ts';
import { rawDependencies } from '../../shared/http/raw-dependencies.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { runRoutes } from '../../shared/http/run-wish.ts';
import { jobUpdates, type UpdateDeps } from '../../shared/jobs/job-updates.ts';
import { planRun, type ScriptDirectory } from '../../shared/jobs/plan-run.ts';
import type { ArgsUploadDeps } from '../../shared/jobs/uploaded-args.ts';
import { visibleJob } from '../../shared/jobs/visible-job.ts';
import { badRequest } from '../../shared/model/errors.ts';
import { isSuccess } from '../../shared/model/job.ts';
import { parseJson } from '../../shared/model/json.ts';
import { lockFrom } from '../../shared/model/script-lock.ts';
import type { InstanceSettings } from '../../shared/model/settings.ts';
import { answerOf } from './answer-result.ts';
import { awaitJob } from './await-job.ts';
import { type RunHereDeps, runHere, startHere } from './run-here.ts';

export type WaitDeps = RunHereDeps &
  ArgsUploadDeps & {
    directory: ScriptDirectory;
    /** What jobs say, for those who follow one. */
    said: UpdateDeps['logs'];
  };

/** A first byte must come within CloudFront's 60 s: what takes longer is waited for by another request. */
const ANSWER_WITHIN_MS = 50_000;

/** How long one request waits: what the instance says, as far as CloudFront lets it. */
const patienceMs = ({ timeout_wait_result: seconds }: InstanceSettings): number =>
  seconds === undefined ? ANSWER_WITHIN_MS : Math.min(ANSWER_WITHIN_MS, seconds * 1000);

const CONTRACTS = {
  byPath: [runWaitResultScriptByPath, runWaitResultScriptByPathGet],
  byHash: [runWaitResultScriptByHash, runWaitResultScriptByHashGet],
  byCode: [runScriptPreviewAndWaitResult],
};

const STREAM_CONTRACTS = {
  byPath: [runAndStreamScriptByPath, runAndStreamScriptByPathGet],
  byHash: [runAndStreamScriptByHash, runAndStreamScriptByHashGet],
  byCode: [],
};

/** Below what Lambda gives this function, which may be running the job: whoever has not seen the end is told so. */
const STREAM_FOR_MS = 13 * 60_000;

/** The routes that run a job and answer its updates: refusals like every route's, before there is a job. */
const streamRoutes = (deps: WaitDeps): Route[] =>
  runRoutes(deps, STREAM_CONTRACTS, async (wish, now, { poll_delay_ms }) => {
    const settings = await deps.settings.read(now);
    const request = await planRun(deps.directory, wish, { now, random: randomBytes(10), settings, queue: deps.queue });
    await startHere(deps, request, randomUUID());
    const following = { ...deps, logs: deps.said };
    return {
      headers: { 'cache-control': 'no-cache' },
      body: jobUpdates(following, request, { only_result: true, fast: true, poll_delay_ms }, STREAM_FOR_MS),
    };
  });

/** The routes that run a job and answer what it comes to. */
export const waitRoutes = (deps: WaitDeps): Route[] => [
  ...streamRoutes(deps),
  ...runRoutes(deps, CONTRACTS, async (wish, now) => {
    const settings = await deps.settings.read(now);
    const request = await planRun(deps.directory, wish, { now, random: randomBytes(10), settings, queue: deps.queue });
    const deadline = now + patienceMs(settings);
    const job = await runHere(deps, request, randomUUID(), deadline);
    return answerOf(deps, request, job ?? (await awaitJob(deps, request, deadline)));
  }),
  dependenciesRoute(deps),
  route(waitForResult, async ({ params, standing, now }) => {
    await visibleJob(deps.jobs, standing, params);
    return answerOf(deps, params, await awaitJob(deps, params, now + patienceMs(await deps.settings.read(now))));
  }),
];

/** A lock alone, or 400 with what the resolver says. */
const dependenciesRoute = (deps: WaitDeps): Route =>
  route(runRawScriptDependencies, async (input) => {
    const request = await rawDependencies(deps, input, randomBytes(10));
    const deadline = input.now + ANSWER_WITHIN_MS;
    const ran = await runHere(deps, request, randomUUID(), deadline);
    const job = ran ?? (await awaitJob(deps, request, deadline));
    if (job?.result === undefined) return answerOf(deps, request, undefined);
    const told = parseJson(await deps.payloads.get(job, job.result));
    const lock = lockFrom({ job: job.id, language: job.language }, isSuccess(job.status), told.ok ? told.value : null);
    if (lock.state === 'failed') throw badRequest(lock.error);
    return { body: JSON.stringify({ lock: lock.lock }) };
  });
