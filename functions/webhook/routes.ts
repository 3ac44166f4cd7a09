import { randomBytes, randomUUID } from 'node:crypto';
import {
  runScriptByHash,
  runScriptByHashGet,
  runScriptByPath,
  runScriptByPathGet,
  runScriptPreview,
} from '../../shared/contracts/run.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { codeWanted, wishOf } from '../../shared/http/run-wish.ts';
import { planRun, type ScriptDirectory } from '../../shared/jobs/plan-run.ts';
import { type StartDeps, startJob } from '../../shared/jobs/start-job.ts';

export type WebhookDeps = StartDeps & { scripts: ScriptDirectory };

/** The routes that queue a job and answer its id. */
export const webhookRoutes = (deps: WebhookDeps): Route[] => {
  const start = async (wish: Parameters<typeof planRun>[1], now: number): Promise<{ body: string }> => {
    const request = await planRun(deps.scripts, wish, { now, random: randomBytes(10) });
    const job = await startJob(deps, request, `create:${randomUUID()}`, now);
    return { body: job.id };
  };
  return [
    route(runScriptByPath, async (input) =>
      start(await wishOf(input, { by: 'path', path: input.params.path }), input.now),
    ),
    route(runScriptByPathGet, async (input) =>
      start(await wishOf(input, { by: 'path', path: input.params.path }), input.now),
    ),
    route(runScriptByHash, async (input) =>
      start(await wishOf(input, { by: 'hash', hash: input.params.hash }), input.now),
    ),
    route(runScriptByHashGet, async (input) =>
      start(await wishOf(input, { by: 'hash', hash: input.params.hash }), input.now),
    ),
    route(runScriptPreview, async (input) =>
      start(await wishOf(input, codeWanted(input.body), input.body.args ?? {}), input.now),
    ),
  ];
};
