import type { Standing } from '../access/standing.ts';
import type { Job } from '../model/job.ts';
import type { RunnerRequest } from '../model/runner.ts';
import type { LockRecord } from '../model/script-lock.ts';
import type { Isolation } from '../model/tenant.ts';
import { LARGEST_RESULT_BYTES } from './large-result.ts';
import { NotRunnable } from './not-runnable.ts';
import { importsOfRun, neededPackages, type PackagesDeps } from './packages-request.ts';
import type { PayloadStore } from './payload-ports.ts';
import type { AttemptTokens, RunnableCode, ScriptCode } from './ports.ts';
import { checkResolvable, type ResolveDeps, resolveArgs } from './resolve-args.ts';

/** Output of a job beyond this is discarded after a notice. */
const LOG_LIMIT_BYTES = 64 * 1024 * 1024;
/** A longer result is put into S3 by its runner: this much passes through the memory of ours. */
export const RESULT_LIMIT_BYTES = 10 * 1024 * 1024;
/** Larger arguments reach the runner as a link: an invocation's payload is limited to 6 MB (Lambda). */
const INLINE_ARGS_BYTES = 256 * 1024;

export type RequestDeps = ResolveDeps &
  PackagesDeps & {
    payloads: PayloadStore;
    scripts: ScriptCode;
    tokens: AttemptTokens;
    /** The public URL of this installation, without a trailing slash. */
    baseUrl: () => Promise<string>;
  };

type Prepared = {
  request: RunnerRequest;
  secrets: string[];
  isolation: Isolation | undefined;
  /** What a dependencies job would choose: it was chosen a moment ago, and nothing need run. */
  known?: LockRecord | undefined;
  /** The name under which packages that are chosen can be found again. */
  keepAs?: string | undefined;
};

/**
 * Everything the runner gets for one attempt, what of it must not stand in a log, and what its script says of isolation.
 * References among the arguments are resolved with the rights of `standing`, the job's own. Throws NotRunnable when the job's
 * code is gone, a reference leads nowhere or its packages were not found, and LockPending while these are looked for.
 */
export const runnerRequest = async (
  deps: RequestDeps,
  job: Job,
  standing: Standing,
  now: number,
): Promise<Prepared> => {
  if (job.kind === 'dependencies') return dependenciesRequest(deps, job, standing, now);
  const code = await codeOf(deps, job);
  const [frame, packages, { args, secrets }, wmToken] = await Promise.all([
    frameOf(deps, job, now),
    importsOfRun(deps, job, code, standing, now),
    argsOf(deps, job, standing, now),
    deps.tokens.jobToken(job, now),
  ]);
  const { baseUrl, request } = frame;
  return {
    request: {
      ...request,
      code: code.content,
      args,
      env: { ...contextualVariables(job, { baseUrl, token: wmToken }), ...customVariables(code.envs) },
      ...packages.asked,
      ...(job.entrypoint === undefined ? {} : { entrypoint: job.entrypoint }),
    },
    secrets: [...secrets, ...packages.secrets, wmToken, request.control.token],
    isolation: code.isolation,
    keepAs: packages.keepAs,
  };
};

/** Looking for packages is told nothing that is the job's: builds of packages are code of their authors. */
const dependenciesRequest = async (deps: RequestDeps, job: Job, standing: Standing, now: number): Promise<Prepared> => {
  const code = await codeOf(deps, job);
  const [{ request, attempt }, { asked, secrets, known, keepAs }] = await Promise.all([
    frameOf(deps, job, now),
    neededPackages(deps, job, code, standing, now),
  ]);
  const archives = { url: `${attempt}/package_uploads`, token: request.control.token };
  return {
    request: { ...request, code: '', args: { text: '{}' }, env: {}, ...withPlaces(asked, job, archives) },
    secrets: [...secrets, request.control.token],
    isolation: undefined,
    known,
    keepAs,
  };
};

/** Where the archives of the lock go. Code of a request that npm packages are chosen for has no use for one. */
const withPlaces = (
  { dependencies, choose }: Pick<RunnerRequest, 'dependencies' | 'choose'>,
  { hash }: Pick<Job, 'hash'>,
  archives: { url: string; token: string },
): Pick<RunnerRequest, 'dependencies' | 'choose'> => ({
  ...(dependencies === undefined ? {} : { dependencies: { ...dependencies, archives } }),
  ...(choose === undefined ? {} : { choose: hash === undefined ? choose : { ...choose, archives } }),
});

/** What every attempt has, whatever it runs. */
const frameOf = async (deps: RequestDeps, job: Job, now: number) => {
  const [baseUrl, token] = await Promise.all([deps.baseUrl(), deps.tokens.controlToken(job, now)]);
  const attempt = `${baseUrl}/api/frames/${encodeURIComponent(job.workspace)}/${job.id}/${job.attempt}`;
  const request = {
    job: { workspace: job.workspace, id: job.id, attempt: job.attempt },
    language: job.language,
    timeoutMs: job.timeout_s * 1000,
    logLimitBytes: LOG_LIMIT_BYTES,
    resultLimitBytes: RESULT_LIMIT_BYTES,
    largeResult: { url: `${attempt}/result_upload`, token, limitBytes: LARGEST_RESULT_BYTES },
    control: { url: `${attempt}/control`, token },
  };
  return { baseUrl, request, attempt };
};

const codeOf = async (deps: RequestDeps, job: Job): Promise<RunnableCode> => {
  if (job.code !== undefined) return { content: await deps.payloads.get(job, job.code), envs: [] };
  const script = job.hash === undefined ? undefined : await deps.scripts.get(job.workspace, job.hash);
  if (script === undefined)
    throw new NotRunnable(`Script version ${job.hash ?? '(none)'} was deleted before the job ran`);
  return script;
};

const argsOf = async (
  deps: RequestDeps,
  job: Job,
  standing: Standing,
  now: number,
): Promise<{ args: RunnerRequest['args']; secrets: string[] }> => {
  if (job.refs === true) {
    if (job.args.at === 'object') checkResolvable(job.args.bytes);
    const { text, secrets } = await resolveArgs(deps, job, standing, await deps.payloads.get(job, job.args), now);
    return { args: { text }, secrets };
  }
  if (job.args.at === 'object' && job.args.bytes > INLINE_ARGS_BYTES) {
    return { args: { url: await deps.payloads.presign(job.args, job.timeout_s + 60) }, secrets: [] };
  }
  return { args: { text: await deps.payloads.get(job, job.args) }, secrets: [] };
};

/** `K=V` lines of a script's `envs`. */
const customVariables = (envs: string[]): Record<string, string> =>
  Object.fromEntries(
    envs.flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 && !line.startsWith('WM_') ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );

/** The WM_* variables: all always set, empty when they do not apply (reference 2.5). */
const contextualVariables = (job: Job, more: { baseUrl: string; token: string }): Record<string, string> => {
  const path = job.path ?? '';
  const username = job.permissioned_as.replace(/^[ug]\//, '');
  const statePath =
    path === '' ? `u/${username}/tmp_state` : `${path}/${job.schedule_path === undefined ? 'user' : job.created_by}`;
  return {
    WM_WORKSPACE: job.workspace,
    WM_TOKEN: more.token,
    WM_EMAIL: job.email,
    WM_USERNAME: username,
    WM_BASE_URL: more.baseUrl,
    BASE_URL: more.baseUrl,
    BASE_INTERNAL_URL: more.baseUrl,
    WM_JOB_ID: job.id,
    WM_JOB_PATH: path,
    WM_FLOW_JOB_ID: '',
    WM_ROOT_FLOW_JOB_ID: '',
    WM_ROOT_JOB_ID: job.root_job ?? job.id,
    WM_FLOW_PATH: '',
    WM_SCHEDULE_PATH: job.schedule_path ?? '',
    WM_SCHEDULED_FOR: new Date(job.scheduled_for).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    WM_PERMISSIONED_AS: job.permissioned_as,
    WM_STATE_PATH: statePath,
    WM_STATE_PATH_NEW: statePath,
    WM_FLOW_STEP_ID: '',
    WM_OBJECT_PATH: `${path === '' ? `u_${username}` : path.replaceAll('/', '_')}/c/${job.id}`,
    WM_WORKER_GROUP: job.worker?.split('-')[1] ?? '',
    WM_RUNNABLE_ID: job.hash === undefined ? '' : BigInt(`0x${job.hash}`).toString(),
    WM_END_USER_EMAIL: job.end_user_email ?? '',
  };
};
