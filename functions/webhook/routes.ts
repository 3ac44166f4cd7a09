import { randomBytes, randomUUID } from 'node:crypto';
import { runRawScriptDependenciesAsync } from '../../shared/contracts/dependencies.ts';
import {
  runScriptByHash,
  runScriptByHashGet,
  runScriptByPath,
  runScriptByPathGet,
  runScriptPreview,
} from '../../shared/contracts/run.ts';
import { rawDependencies } from '../../shared/http/raw-dependencies.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { runRoutes } from '../../shared/http/run-wish.ts';
import { planRun, type ScriptDirectory } from '../../shared/jobs/plan-run.ts';
import type { Settings } from '../../shared/jobs/ports.ts';
import { type StartDeps, startJob } from '../../shared/jobs/start-job.ts';
import type { ArgsUploadDeps } from '../../shared/jobs/uploaded-args.ts';

export type WebhookDeps = StartDeps & ArgsUploadDeps & { scripts: ScriptDirectory; settings: Settings };

const CONTRACTS = {
  byPath: [runScriptByPath, runScriptByPathGet],
  byHash: [runScriptByHash, runScriptByHashGet],
  byCode: [runScriptPreview],
};

/** The routes that queue a job and answer its id. */
export const webhookRoutes = (deps: WebhookDeps): Route[] => [
  ...runRoutes(deps, CONTRACTS, async (wish, now) => {
    const settings = await deps.settings.read(now);
    const request = await planRun(deps.scripts, wish, { now, random: randomBytes(10), settings, queue: deps.queue });
    const job = await startJob(deps, request, `create:${randomUUID()}`, now);
    return { body: job.id };
  }),
  route(runRawScriptDependenciesAsync, async (input) => {
    const request = await rawDependencies({ ...deps, directory: deps.scripts }, input, randomBytes(10));
    const job = await startJob(deps, request, `create:${randomUUID()}`, input.now);
    return { body: job.id };
  }),
];
