import { z } from 'zod';
import { Json } from './json.ts';
import { Language, WindmillLanguage } from './language.ts';
import { Grants } from './roster.ts';
import { onlyStated, StatedSettings } from './run-settings.ts';
import { Isolation } from './tenant.ts';

/** Where a script lives: `u/<user>/name`, `f/<folder>/name`, `g/<group>/name`, deeper if wanted. */
export const ScriptPath = z
  .string()
  .max(255)
  .regex(/^[ufg]\/[\w-]+(\/[\w-]+)+$/, 'must look like f/folder/name or u/user/name (letters, digits, "-", "_")');

/** 16 hex digits that name one version of one script for ever. */
export const ScriptHash = z
  .string()
  .regex(/^[0-9a-fA-F]{16}$/, 'must be 16 hex digits')
  .transform((hash) => hash.toLowerCase());

const languageError = (given: unknown): string =>
  WindmillLanguage.safeParse(given).success
    ? `${String(given)} is not supported yet: use one of ${Language.options.join(', ')}`
    : `must be one of ${Language.options.join(', ')}`;

/** A language that runs here; anything else is refused with the list of those that do. */
export const ScriptLanguage = z.enum(Language.options, { error: (issue) => languageError(issue.input) });

const ScriptKind = z.enum(['script', 'failure', 'trigger', 'command', 'approval', 'preprocessor']);

/**
 * What a client sends to make a version. Fields of Windmill that do nothing here yet are stored and given back, so that
 * its CLI finds no difference; other unknown fields are dropped.
 */
export const NewScript = z.object({
  path: ScriptPath,
  summary: z.string().max(1_000).default(''),
  description: z.string().max(20_000).default(''),
  content: z.string(),
  language: ScriptLanguage,
  kind: ScriptKind.default('script'),
  parent_hash: ScriptHash.nullish(),
  auto_parent: z.boolean().nullish(),
  schema: Json.optional(),
  is_template: z.boolean().nullish(),
  lock: z.union([z.string(), z.array(z.string()).transform((lines) => lines.join('\n'))]).nullish(),
  tag: z.string().max(50).nullish(),
  envs: z.array(z.string()).nullish(),
  timeout: z.number().int().min(0).nullish(),
  priority: z.number().int().min(0).max(100).nullish(),
  ...StatedSettings.shape,
  dedicated_worker: z.boolean().nullish(),
  ws_error_handler_muted: z.boolean().nullish(),
  visible_to_runner_only: z.boolean().nullish(),
  no_main_func: z.boolean().nullish(),
  auto_kind: z.string().nullish(),
  has_preprocessor: z.boolean().nullish(),
  labels: z.array(z.string()).nullish(),
  deployment_message: z.string().max(5_000).nullish(),
  /** Not Windmill's: `script` lets runs of this version share an environment with nothing else. */
  isolation: Isolation.nullish(),
  /** Let the script run as this user, whoever launches it: oneself, or for admins and deployers anybody. */
  on_behalf_of_email: z.string().max(255).nullish(),
  preserve_on_behalf_of: z.boolean().nullish(),
});
export type NewScript = z.infer<typeof NewScript>;

/** Whom a script runs as, whoever launches it. */
const OnBehalfOf = z.object({ permissioned_as: z.string(), email: z.string() });
export type OnBehalfOf = z.infer<typeof OnBehalfOf>;

/** One version of a script, as stored. It never changes, except that it may be archived or deleted. */
export const ScriptVersion = NewScript.omit({ parent_hash: true, auto_parent: true, schema: true }).extend({
  /** JSON text, as given: a table does not keep the order of keys. */
  schema: z.string().optional(),
  hash: z.string(),
  /** Newest first. */
  parent_hashes: z.array(z.string()),
  created_by: z.string(),
  created_at: z.number(),
  archived: z.boolean(),
  deleted: z.boolean(),
  on_behalf_of: OnBehalfOf.optional(),
  /** The dependencies job that it waits for before its first run; what that came to is the version's ScriptLock. */
  lock_job: z.string().optional(),
});
export type ScriptVersion = z.infer<typeof ScriptVersion>;

/** The newest version at a path, as far as running it and listing it need: small, so that a webhook reads one unit. */
export const ScriptHead = z.object({
  path: z.string(),
  hash: z.string(),
  language: Language,
  kind: ScriptKind,
  summary: z.string(),
  archived: z.boolean(),
  created_by: z.string(),
  created_at: z.number(),
  tag: z.string().optional(),
  timeout: z.number().optional(),
  priority: z.number().optional(),
  labels: z.array(z.string()).optional(),
  no_main_func: z.boolean().optional(),
  is_template: z.boolean().optional(),
  visible_to_runner_only: z.boolean().optional(),
  settings: StatedSettings.optional(),
  /** Grants on the script; they belong to the path and outlive its versions. */
  extra_perms: Grants.optional(),
  on_behalf_of: OnBehalfOf.optional(),
});
export type ScriptHead = z.infer<typeof ScriptHead>;

/** One line of a path's history. */
export const HistoryEntry = z.object({
  hash: z.string(),
  created_at: z.number(),
  created_by: z.string(),
  deployment_message: z.string().optional(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** What a version's hash is made of: whatever makes it run or read differently, and where it stands. */
export const hashInput = (workspace: string, script: NewScript, parent: string | undefined): string =>
  JSON.stringify([
    workspace,
    script.path,
    parent ?? null,
    script.content,
    script.language,
    script.kind,
    script.lock ?? null,
    script.summary,
    script.description,
    script.schema ?? null,
    script.tag ?? null,
    script.envs ?? null,
    script.timeout ?? null,
    script.priority ?? null,
    onlyStated(script) ?? null,
    script.labels ?? null,
    script.deployment_message ?? null,
    script.on_behalf_of_email ?? null,
    ...(script.isolation ? [script.isolation] : []),
  ]);

const NOT_COMPARED = new Set(['parent_hash', 'auto_parent', 'deployment_message', 'preserve_on_behalf_of']);
const compared = (script: NewScript): string =>
  JSON.stringify(
    Object.entries(script)
      .filter(([name, value]) => !NOT_COMPARED.has(name) && value !== null && value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** True when making `next` would change nothing about `current` (`skip_if_noop`). */
export const isNoop = (next: NewScript, current: ScriptVersion): boolean =>
  !current.archived && compared(next) === compared(asNewScript(current));

/** A version as a client would send it to make it once more. */
export const asNewScript = (version: ScriptVersion): NewScript =>
  NewScript.parse({ ...version, schema: version.schema === undefined ? undefined : JSON.parse(version.schema) });

/** The version that a request makes. `parents` newest first; `now` in milliseconds since 1970. */
export const newVersion = (
  { parent_hash: _parent, auto_parent: _auto, schema, ...script }: NewScript,
  made: {
    hash: string;
    parents: string[];
    by: string;
    now: number;
    on_behalf_of?: OnBehalfOf | undefined;
    lock_job?: string | undefined;
  },
): ScriptVersion => ({
  ...script,
  ...(schema === undefined ? {} : { schema: JSON.stringify(schema) }),
  hash: made.hash,
  parent_hashes: made.parents,
  created_by: made.by,
  created_at: made.now,
  archived: false,
  deleted: false,
  ...(made.on_behalf_of === undefined ? {} : { on_behalf_of: made.on_behalf_of }),
  ...(made.lock_job === undefined ? {} : { lock_job: made.lock_job }),
});

/** The head that a version becomes, with the grants that its path has. */
export const headOf = (version: ScriptVersion, extra_perms?: Grants): ScriptHead => ({
  settings: onlyStated(version),
  path: version.path,
  hash: version.hash,
  language: version.language,
  kind: version.kind,
  summary: version.summary,
  archived: version.archived,
  created_by: version.created_by,
  created_at: version.created_at,
  ...(version.tag ? { tag: version.tag } : {}),
  ...(version.timeout ? { timeout: version.timeout } : {}),
  ...(version.priority ? { priority: version.priority } : {}),
  ...(version.labels ? { labels: version.labels } : {}),
  ...(version.no_main_func ? { no_main_func: true } : {}),
  ...(version.is_template ? { is_template: true } : {}),
  ...(version.visible_to_runner_only ? { visible_to_runner_only: true } : {}),
  ...(version.on_behalf_of === undefined ? {} : { on_behalf_of: version.on_behalf_of }),
  ...(extra_perms === undefined ? {} : { extra_perms }),
});
