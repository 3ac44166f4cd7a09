import type { Principal } from '../access/principal.ts';
import { badRequest, notFound } from '../model/errors.ts';
import { uuidV5, uuidV7 } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';
import { defaultTag, type Language } from '../model/language.ts';
import type { Runnable, RunRequest } from '../model/request.ts';

/** What running a deployed script needs to know of it. */
export type DeployedScript = {
  path: string;
  hash: string;
  language: Language;
  tag?: string | undefined;
  timeout?: number | undefined;
  priority?: number | undefined;
  visible_to_runner_only?: boolean | undefined;
};

/** Deployed scripts by what callers name them by. Undefined: none, archived (by path) or deleted. */
export interface ScriptDirectory {
  newest(workspace: string, path: string): Promise<DeployedScript | undefined>;
  version(workspace: string, hash: string): Promise<DeployedScript | undefined>;
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
};

/** A wish to run something, by whom and how. */
export type RunWish = {
  workspace: string;
  wanted: Wanted;
  args: JsonObject;
  argsText: string | undefined;
  options: RunOptions;
  principal: Principal;
  idempotencyKey: string | undefined;
};

/** Seconds: what a Lambda lane can run (15 minutes less what ending a job takes), and so the default as well. */
const LONGEST_RUN_S = 840;
/** Namespace of job ids that come from an Idempotency-Key. */
const IDEMPOTENCY = '6d1f0c3e-7b1e-5f0a-9f58-0a7c52c1d0de';
/** Function to call instead of main, as Windmill's clients send it among the arguments. */
const ENTRYPOINT_ARG = '_ENTRYPOINT_OVERRIDE';

/**
 * Turns a wish to run something into a complete request: which version, as whom, where, how long, under which id.
 * Throws 404 naming what does not exist and 400 naming an option that cannot be honoured.
 */
export const planRun = async (
  scripts: ScriptDirectory,
  wish: RunWish,
  moment: { now: number; random: Uint8Array },
): Promise<RunRequest> => {
  const { workspace, principal, options } = wish;
  const script = await deployed(scripts, workspace, wish.wanted);
  const runnable = runnableOf(wish.wanted, script);
  const tag = options.tag ?? (wish.wanted.by === 'code' ? wish.wanted.tag : undefined) ?? script?.tag;
  const { [ENTRYPOINT_ARG]: entrypoint, ...args } = wish.args;
  return {
    workspace,
    runnable,
    args,
    ...(wish.argsText === undefined || entrypoint !== undefined ? {} : { argsText: wish.argsText }),
    owner: {
      created_by: principal.username,
      permissioned_as: principal.kind === 'job' ? principal.permissioned_as : `u/${principal.username}`,
      email: principal.email,
    },
    tag: tag ?? defaultTag(runnable.language),
    timeout_s: timeoutOf(options.timeout ?? (script?.timeout || undefined)),
    ...(await identity(wish, moment)),
    scheduled_for: dueAt(options, moment.now),
    visible_to_owner: !(options.invisible_to_owner ?? script?.visible_to_runner_only ?? false),
    trigger_kind: 'webhook',
    ...(options.parent_job === undefined ? {} : { parent_job: options.parent_job }),
    ...(options.root_job === undefined ? {} : { root_job: options.root_job }),
    ...(typeof entrypoint === 'string' ? { entrypoint } : {}),
    ...(script?.priority === undefined ? {} : { priority: script.priority }),
  };
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

const timeoutOf = (seconds: number | undefined): number => {
  if (seconds === undefined) return LONGEST_RUN_S;
  if (seconds > LONGEST_RUN_S)
    throw badRequest(`Bad request: timeout: ${seconds} s is more than a worker can give (${LONGEST_RUN_S} s)`);
  return seconds;
};

const dueAt = (options: RunOptions, now: number): number => {
  if (options.scheduled_for !== undefined) return Math.max(now, options.scheduled_for);
  return now + (options.scheduled_in_secs ?? 0) * 1000;
};

const identity = async (
  wish: { workspace: string; principal: Principal; options: RunOptions; idempotencyKey: string | undefined },
  moment: { now: number; random: Uint8Array },
): Promise<{ id: string; repeatable: boolean }> => {
  if (wish.idempotencyKey !== undefined) {
    if (wish.idempotencyKey.length > 255)
      throw badRequest('Bad request: Idempotency-Key is longer than 255 characters');
    const name = JSON.stringify([wish.workspace, wish.principal.email, wish.idempotencyKey]);
    return { id: await uuidV5(IDEMPOTENCY, name), repeatable: true };
  }
  return { id: wish.options.job_id ?? uuidV7(moment.now, moment.random), repeatable: false };
};
