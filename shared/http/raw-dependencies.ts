import type { Principal } from '../access/principal.ts';
import type { Standing } from '../access/standing.ts';
import type { RawDependencies } from '../contracts/dependencies.ts';
import { planRun, type ScriptDirectory } from '../jobs/plan-run.ts';
import type { JobQueue, Settings } from '../jobs/ports.ts';
import { dependenciesTag } from '../jobs/start-dependencies.ts';
import type { RunRequest } from '../model/request.ts';

type Asked = {
  params: { workspace: string };
  body: RawDependencies;
  principal: Principal;
  standing: Standing;
  now: number;
};

/** The job that makes a lock for code of a request: whoever may run such code may ask for it. */
export const rawDependencies = async (
  deps: { directory: ScriptDirectory; settings: Settings; queue: JobQueue },
  { params: { workspace }, body, principal, standing, now }: Asked,
  random: Uint8Array,
): Promise<RunRequest> => {
  const scripts = body.raw_scripts.map(({ path, script_path, ...one }) => ({ ...one, path: path ?? script_path }));
  const script = scripts.find(({ path }) => path === body.entrypoint) ?? scripts[0];
  if (script === undefined) throw new Error('the contract takes no empty list');
  const { raw_code: code, language } = script;
  const path = script.path || undefined;
  const wish = {
    workspace,
    wanted: { by: 'code' as const, code, language, path, tag: undefined },
    args: {},
    argsText: undefined,
    options: {},
    principal,
    standing,
    idempotencyKey: undefined,
  };
  const settings = await deps.settings.read(now);
  const request = await planRun(deps.directory, wish, { now, random, settings, queue: deps.queue });
  return {
    ...request,
    runnable: { kind: 'dependencies', code, language, ...(path === undefined ? {} : { path }) },
    tag: dependenciesTag(deps.queue, language),
  };
};
