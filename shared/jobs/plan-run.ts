import { mayRead } from '../access/item-rights.ts';
import type { Principal } from '../access/principal.ts';
import { type Act, scopesAllow } from '../access/scopes.ts';
import { mayActAs, type Standing } from '../access/standing.ts';
import { interpolated } from '../model/concurrency.ts';
import { badRequest, notFound, Problem } from '../model/errors.ts';
import { uuidV5, uuidV7 } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';
import { defaultTag, type Language } from '../model/language.ts';
import type { Runnable, RunRequest } from '../model/request.ts';
import { EVERYONE, type Grants } from '../model/roster.ts';
import { type StatedSettings, settingsOf } from '../model/run-settings.ts';
import type { InstanceSettings } from '../model/settings.ts';
import { mayUseTag, tagRefusal } from '../model/tags.ts';
import { timeLimitOf } from '../model/time-limits.ts';
import type { JobQueue } from './ports.ts';

/** What running a deployed script needs to know of it. */
export type DeployedScript = {
  path: string;
  hash: string;
  language: Language;
  tag?: string | undefined;
  timeout?: number | undefined;
  priority?: number | undefined;
  labels?: string[] | undefined;
  visible_to_runner_only?: boolean | undefined;
  settings?: StatedSettings | undefined;
  /** Grants on the script itself; of a version asked for by hash only when they are needed (`grants`). */
  extra_perms?: Grants | undefined;
  /** Whom it runs as, whoever launches it. */
  on_behalf_of?: { permissioned_as: string; email: string } | undefined;
};

/** Deployed scripts by what callers name them by. Undefined: none, archived (by path) or deleted. */
export interface ScriptDirectory {
  newest(workspace: string, path: string): Promise<DeployedScript | undefined>;
  version(workspace: string, hash: string): Promise<DeployedScript | undefined>;
  /** The grants on a path that has a script. */
  grants(workspace: string, path: string): Promise<Grants>;
}

/** What a caller wants to run. */
export type Wanted =
  | { by: 'path'; path: string }
  | { by: 'hash'; hash: string }
  | { by: 'code'; code: string; language: Language; path: string | undefined; tag: string | undefined };

/** The options of a run route that change the job. */
type RunOptions = {
  scheduled_for?: number | undefined;
  scheduled_in_secs?: number | undefined;
  parent_job?: string | undefined;
  root_job?: string | undefined;
  tag?: string | undefined;
  job_id?: string | undefined;
  invisible_to_owner?: boolean | undefined;
  timeout?: number | undefined;
  cache_ttl?: number | undefined;
  /** Run as this: oneself, or a group that one is a member of. */
  permissioned_as?: string | undefined;
};

/** A wish to run something, by whom and how. */
export type RunWish = {
  workspace: string;
  wanted: Wanted;
  args: JsonObject;
  argsText: string | undefined;
  /** Arguments that lie in S3 already and were not looked into; `args` is empty then. */
  stored?: RunRequest['storedArgs'];
  /** The job that the arguments were uploaded for: it has this id. */
  uploadedFor?: string;
  options: RunOptions;
  principal: Principal;
  /** What the principal is in the workspace. */
  standing: Standing;
  idempotencyKey: string | undefined;
};

/** A leap year: no job waits longer for its time. */
const LATEST_MS = 366 * 86_400_000;
const LONGEST_TAG = 50;
/** Namespace of job ids that come from an Idempotency-Key. */
const IDEMPOTENCY = '6d1f0c3e-7b1e-5f0a-9f58-0a7c52c1d0de';
/** Function to call instead of main, as Windmill's clients send it among the arguments. */
const ENTRYPOINT_ARG = '_ENTRYPOINT_OVERRIDE';

/**
 * Turns a wish to run something into a complete request: which version, as whom, where, how long, under which id.
 * Throws 404 naming what does not exist, 403 for what the caller may not run or be, and 400 naming an option that cannot
 * be honoured, or a tag that the workspace may not use.
 */
export const planRun = async (
  scripts: ScriptDirectory,
  wish: RunWish,
  moment: {
    now: number;
    random: Uint8Array;
    settings: Pick<InstanceSettings, 'job_default_timeout' | 'custom_tags'>;
    queue: Pick<JobQueue, 'timeLimits'>;
  },
): Promise<RunRequest> => {
  const { workspace, options } = wish;
  const script = await deployed(scripts, workspace, wish.wanted);
  await checkMayRun(scripts, wish, script);
  const runnable = runnableOf(wish.wanted, script);
  const stated = options.tag ?? (wish.wanted.by === 'code' ? wish.wanted.tag : undefined) ?? script?.tag;
  if (wish.stored !== undefined) checkUnseen(script?.settings, stated);
  const { [ENTRYPOINT_ARG]: entrypoint, ...args } = wish.args;
  const tag = interpolated(stated ?? defaultTag(runnable.language), workspace, args).slice(0, LONGEST_TAG);
  if (!mayUseTag(moment.settings.custom_tags, workspace, tag))
    throw badRequest(`Bad request: ${tagRefusal(workspace, tag)}`);
  return {
    workspace,
    runnable,
    args,
    ...(wish.stored === undefined ? {} : { storedArgs: wish.stored }),
    ...(wish.argsText === undefined || entrypoint !== undefined ? {} : { argsText: wish.argsText }),
    owner: ownerOf(wish, script),
    tag,
    timeout_s: timeLimitOf(
      [options.timeout, script?.timeout || undefined],
      moment.queue.timeLimits(tag),
      moment.settings?.job_default_timeout,
    ),
    ...(await identity(wish, moment)),
    scheduled_for: dueAt(options, moment.now),
    visible_to_owner: !(options.invisible_to_owner ?? script?.visible_to_runner_only ?? false),
    trigger_kind: 'webhook',
    ...(options.parent_job === undefined ? {} : { parent_job: options.parent_job }),
    ...(options.root_job === undefined ? {} : { root_job: options.root_job }),
    ...(typeof entrypoint === 'string' ? { entrypoint } : {}),
    ...(script?.priority === undefined ? {} : { priority: script.priority }),
    ...(script?.labels === undefined ? {} : { labels: script.labels }),
    ...(script === undefined
      ? {}
      : {
          settings: settingsOf(script.settings ?? {}, {
            workspace,
            path: script.path,
            args,
            cache_ttl: options.cache_ttl,
          }),
        }),
  };
};

/**
 * How a deployed script runs with these arguments when nobody asks for more: neither held back by a debounce nor perpetual,
 * as whatever starts it comes again by itself. Throws 400 for a time limit that cannot be given.
 */
export const runAsDeployed = (
  queue: Pick<JobQueue, 'timeLimits'>,
  script: DeployedScript,
  workspace: string,
  args: JsonObject,
) => {
  const { restart_unless_cancelled, debounce, ...settings } = settingsOf(script.settings ?? {}, {
    workspace,
    path: script.path,
    args,
    cache_ttl: undefined,
  });
  const tag = interpolated(script.tag || defaultTag(script.language), workspace, args).slice(0, LONGEST_TAG);
  return {
    runnable: { kind: 'script' as const, path: script.path, hash: script.hash, language: script.language },
    args,
    tag,
    timeout_s: timeLimitOf([script.timeout || undefined], queue.timeLimits(tag)),
    visible_to_owner: !(script.visible_to_runner_only ?? false),
    ...(script.priority === undefined ? {} : { priority: script.priority }),
    ...(script.labels === undefined ? {} : { labels: script.labels }),
    settings,
  };
};

/** Arguments that nothing looks into cannot decide how their job runs. */
const checkUnseen = (settings: StatedSettings | undefined, tag: string | undefined): void => {
  const asked = [tag, settings?.concurrency_key].some((text) => text?.includes('$args['));
  const kept = Boolean(settings?.debounce_delay_s) || settings?.restart_unless_cancelled === true;
  if (asked || kept)
    throw badRequest(
      'Bad request: query args_ref: more than 6 MB of arguments do not go with a tag or concurrency key made of $args[...], with debouncing, or with a perpetual script',
    );
};

/** Running needs to see what is run; a limited token must be good for just this. Code of the request has no path of its own. */
const checkMayRun = async (
  scripts: ScriptDirectory,
  { workspace, principal, standing }: RunWish,
  script: DeployedScript | undefined,
): Promise<void> => {
  const scopes = principal.kind === 'user' ? principal.scopes : undefined;
  const act: Act = { domain: 'jobs', action: 'run', kind: script && 'scripts', path: script?.path };
  if (scopes !== undefined && !scopesAllow(scopes, act))
    throw new Problem(
      403,
      `Permission denied: the scopes of this token do not include running ${script?.path ?? 'code of a request'}`,
    );
  if (script === undefined) {
    if (standing.operator) throw new Problem(403, 'Permission denied: an operator may not run code of his own');
    return;
  }
  if (mayRead(standing, script.path, script.extra_perms)) return;
  const grants = script.extra_perms ?? (await scripts.grants(workspace, script.path));
  if (!mayRead(standing, script.path, grants))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not run ${script.path}`);
};

/**
 * Whom the job belongs to. It runs as its launcher, as a group that he is a member of (asked for, or by a path of the
 * group), or as the identity that its script was deployed to run as; a job that launches keeps its own launcher's name.
 */
const ownerOf = (
  { principal, standing, options }: RunWish,
  script: DeployedScript | undefined,
): RunRequest['owner'] => {
  const created_by = principal.kind === 'job' ? principal.created_by : standing.username;
  if (script?.on_behalf_of !== undefined) {
    const behalf = script.on_behalf_of;
    return { created_by, ...behalf, ...(behalf.email === principal.email ? {} : { end_user_email: principal.email }) };
  }
  const [kind, group] = script?.path.split('/') ?? [];
  const ofPath = kind === 'g' && group !== EVERYONE && standing.groups.includes(group ?? '') ? `g/${group}` : undefined;
  const permissioned_as = options.permissioned_as ?? ofPath ?? standing.permissioned_as;
  if (!mayActAs(standing, permissioned_as))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not run as ${permissioned_as}`);
  return { created_by, permissioned_as, email: principal.email };
};

const deployed = async (
  scripts: ScriptDirectory,
  workspace: string,
  wanted: Wanted,
): Promise<DeployedScript | undefined> => {
  switch (wanted.by) {
    case 'code':
      return undefined;
    case 'path': {
      const script = await scripts.newest(workspace, wanted.path);
      if (script === undefined) throw notFound(`Script not found at name ${wanted.path}`);
      return script;
    }
    case 'hash': {
      const script = await scripts.version(workspace, wanted.hash);
      if (script === undefined) throw notFound(`Script not found at hash ${wanted.hash}`);
      return script;
    }
  }
};

const runnableOf = (wanted: Wanted, script: DeployedScript | undefined): Runnable => {
  if (wanted.by === 'code') {
    const { code, language, path } = wanted;
    return { kind: 'preview', code, language, ...(path === undefined ? {} : { path }) };
  }
  if (script === undefined) throw notFound('Script not found');
  return { kind: 'script', path: script.path, hash: script.hash, language: script.language };
};

const dueAt = (options: RunOptions, now: number): number => {
  const [name, at] =
    options.scheduled_for === undefined
      ? ['scheduled_in_secs', now + (options.scheduled_in_secs ?? 0) * 1000]
      : ['scheduled_for', options.scheduled_for];
  if (at > now + LATEST_MS) throw badRequest(`Bad request: query ${name}: is more than a year ahead`);
  return Math.max(now, at);
};

const identity = async (
  wish: Pick<RunWish, 'workspace' | 'principal' | 'options' | 'idempotencyKey' | 'uploadedFor'>,
  moment: { now: number; random: Uint8Array },
): Promise<{ id: string; repeatable: boolean }> => {
  if (wish.uploadedFor !== undefined) return { id: wish.uploadedFor, repeatable: true };
  if (wish.idempotencyKey !== undefined) {
    if (wish.idempotencyKey.length > 255)
      throw badRequest('Bad request: Idempotency-Key is longer than 255 characters');
    const name = JSON.stringify([wish.workspace, wish.principal.email, wish.idempotencyKey]);
    return { id: await uuidV5(IDEMPOTENCY, name), repeatable: true };
  }
  return { id: wish.options.job_id ?? uuidV7(moment.now, moment.random), repeatable: false };
};
