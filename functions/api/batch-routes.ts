import { addBatchJobs } from '../../shared/contracts/job-lists.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { planRun, type ScriptDirectory, type Wanted } from '../../shared/jobs/plan-run.ts';
import type { Settings } from '../../shared/jobs/ports.ts';
import { type StartDeps, startJob } from '../../shared/jobs/start-job.ts';
import { badRequest } from '../../shared/model/errors.ts';
import { uuidV7 } from '../../shared/model/ids.ts';
import { eachOf } from './each-of.ts';

export type BatchDeps = StartDeps & {
  scripts: ScriptDirectory;
  settings: Settings;
  random: (bytes: number) => Uint8Array;
};

/** Jobs started at the same time: enough to hide the network, few enough for one environment's connections. */
const AT_ONCE = 50;

const wantedOf = (body: ReturnType<typeof addBatchJobs.body.parse>): Wanted => {
  if (body.kind === 'rawscript') {
    const { content, language, path } = body.rawscript;
    return { by: 'code', code: content, language, path: path ?? undefined, tag: body.tag ?? undefined };
  }
  if (body.hash) return { by: 'hash', hash: body.hash };
  if (body.path) return { by: 'path', path: body.path };
  throw badRequest('Bad request: body path: name the script by path or by hash');
};

/** Many equal jobs by one request: each is a job like any other. */
export const batchRoutes = (deps: BatchDeps): Route[] => [
  route(addBatchJobs, async ({ params, body, principal, standing, request, now }) => {
    const wish = {
      workspace: params.workspace,
      wanted: wantedOf(body),
      args: {},
      argsText: undefined,
      options: { tag: body.tag ?? undefined },
      principal,
      standing,
      idempotencyKey: undefined,
    };
    const settings = await deps.settings.read(now);
    const plan = await planRun(deps.scripts, wish, { now, random: deps.random(10), settings, queue: deps.queue });
    const ids = Array.from({ length: params.n }, () => uuidV7(now, deps.random(10)));
    await eachOf(ids, AT_ONCE, async (id) => {
      await startJob(deps, { ...plan, id }, `batch:${request.id}`, now);
    });
    return { body: ids };
  }),
];
