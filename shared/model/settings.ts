import { z } from 'zod';
import { badRequest } from './errors.ts';
import type { Json } from './json.ts';
import { isNpmRegistry } from './npm-registry.ts';
import { CustomTags } from './tags.ts';
import { WorkspaceId } from './workspace.ts';

/** 30 days: how long the details of finished jobs are kept unless a setting says otherwise. */
const DEFAULT_RETENTION_S = 2_592_000;
/** A hundred years: what is longer was meant as no limit, which is 0. */
const LONGEST_RETENTION_S = 3_155_760_000;
const MOST_OVERRIDES = 10;
const LARGEST_VALUE_CHARS = 100_000;

const whole = (least: number, most: number, unit: string) =>
  z
    .int(`must be a whole number of ${unit}`)
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

/** Seconds; null means 0, which is no limit. */
const period = whole(0, LONGEST_RETENTION_S, 'seconds (0 or null: no limit)')
  .nullable()
  .transform((seconds) => seconds ?? 0);

const overrides = z
  .record(WorkspaceId, period)
  .refine((map) => Object.keys(map).length <= MOST_OVERRIDES, `must name at most ${MOST_OVERRIDES} workspaces`);

/** May hold a name and a password. */
const indexUrl = z.url({ protocol: /^https?$/, error: 'must be the URL of a package index' });

/** Windmill's list is one text. */
const SEPARATED = 'must be URLs of package indexes, separated by commas';
const separated = (text: string): string[] => text.split(/[\s,]+/).filter((url) => url !== '');

/** The settings that mean something here, each as a caller may write it. */
const MEANT = {
  retention_period_secs: period,
  retention_period_secs_overrides: overrides,
  job_default_timeout: whole(1, 604_800, 'seconds'),
  timeout_wait_result: whole(1, 86_400, 'seconds'),
  max_token_expiration_days: whole(1, 36_500, 'days'),
  archive_completed_jobs: z.boolean('must be true or false'),
  custom_tags: CustomTags,
  pip_index_url: indexUrl,
  pip_extra_index_url: z
    .string()
    .refine((text) => separated(text).every((url) => indexUrl.safeParse(url).success), SEPARATED),
  npm_config_registry: z.string().refine(isNpmRegistry, 'must be a URL, or URL:_authToken=token'),
};
type MeantKey = keyof typeof MEANT;

/** Settings of Windmill that nothing here reads: they are kept and given back, so that its tools do not stumble. */
const KEPT = new Set(
  `request_size_limit_mb object_store_cache_config monitor_logs_on_s3 keep_job_dir concurrency_key_max_queued_jobs
  workspace_max_queued_jobs workspace_fairness_enabled workspace_fairness_max_percent workspace_fairness_duration_secs
  workspace_fairness_min_total_jobs default_tags_per_workspace default_tags_workspaces
  fork_workspace_tag_append_fork_suffix preview_tags_override auto_build_binary_on_deploy auto_build_binary_tag
  uv_index_strategy uv_exclude_newer uv_python_install_mirror instance_python_version
  npmrc bunfig_install_scopes bun_install_min_release_age nuget_config maven_repos
  maven_settings_xml no_default_maven cargo_registries ruby_repos powershell_repo_url powershell_repo_pat
  workspace_registries ruff_config audit_log_retention_days store_audit_logs_s3 service_log_retention_secs otel
  otel_tracing_proxy otel_traces_retention_secs expose_metrics expose_debug_metrics indexer_settings
  critical_error_channels critical_alert_mute_ui critical_alerts_on_db_oversize critical_alerts_on_token_expiry
  critical_alert_mute_zombie_job_restart alert_job_queue_waiting instance_events_webhook base_url ws_base_url
  email_domain hub_base_url hub_accessible_url hub_api_secret disable_hub app_workspaced_route
  http_route_workspaced_route dev_instance license_key smtp_settings teams ai_config jwt_secret secret_backend
  scim_token saml_metadata sso_groups_claim oauths require_preexisting_user_for_oauth automate_username_creation
  disable_password_login auto_login_provider disable_workspace_invite_emails guest_access_disabled job_isolation
  nsjail_tmpfs_size_mb nsjail_tmp_backing sandbox_registry_auth ssh_execution_enabled dependency_job_tag`.split(/\s+/),
);

/** What anybody who is logged in may read: it steers clients and holds no secret. */
const OPEN = new Set([
  'retention_period_secs',
  'job_default_timeout',
  'timeout_wait_result',
  'max_token_expiration_days',
  'automate_username_creation',
  'base_url',
  'email_domain',
  'hub_base_url',
  'disable_hub',
  'request_size_limit_mb',
]);

/** How a setting is dealt with: `meant` ones stand together in one item that hot paths read, others in one of their own. */
export type SettingKey = { name: string; meant: boolean; open: boolean };

const isMeant = (name: string): name is MeantKey => Object.hasOwn(MEANT, name);

/** Throws 400 naming a setting that does not exist. */
export const settingKey = (name: string): SettingKey => {
  const meant = isMeant(name);
  if (!meant && !KEPT.has(name)) throw badRequest(`Bad request: there is no instance setting ${name.slice(0, 100)}`);
  return { name, meant, open: OPEN.has(name) };
};

/**
 * A value as it is stored. Throws 400 naming the setting, and the member where it has some. Null unsets a setting, except
 * a retention period, of which it means that there is no limit; `undefined` unsets any.
 */
export const settingValue = ({ name }: SettingKey, value: Json | undefined): Json | undefined => {
  if (value === undefined || (value === null && name !== 'retention_period_secs')) return undefined;
  if (!isMeant(name)) {
    if (JSON.stringify(value).length <= LARGEST_VALUE_CHARS) return value;
    throw badRequest(`Bad request: ${name}: must be at most ${LARGEST_VALUE_CHARS} characters of JSON`);
  }
  const parsed = MEANT[name].safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badRequest(`Bad request: ${[name, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'is not valid'}`);
};

/** The settings that mean something here, as they hold: what is unset has its default. */
export const InstanceSettings = z.object({
  /** Seconds; 0: no limit. */
  retention_period_secs: z.number().default(DEFAULT_RETENTION_S),
  retention_period_secs_overrides: z.record(z.string(), z.number()).default({}),
  /** When a retention period was changed last, in milliseconds since 1970; 0: never. */
  retention_revision: z.number().default(0),
  job_default_timeout: z.number().optional(),
  timeout_wait_result: z.number().optional(),
  max_token_expiration_days: z.number().optional(),
  archive_completed_jobs: z.boolean().default(false),
  custom_tags: z.array(z.string()).default([]),
  pip_index_url: z.string().optional(),
  pip_extra_index_url: z.string().optional(),
  npm_config_registry: z.string().optional(),
});
export type InstanceSettings = z.output<typeof InstanceSettings>;

/** Whether a change of this setting concerns jobs that are completed already. */
export const isRetention = ({ name }: SettingKey): boolean => name.startsWith('retention_period_secs');

/** What a setting that is not set reads as. */
export const unsetValue = ({ name }: SettingKey): Json => {
  const defaults: Record<string, Json> = {
    retention_period_secs: DEFAULT_RETENTION_S,
    retention_period_secs_overrides: {},
    archive_completed_jobs: false,
    custom_tags: [],
  };
  return defaults[name] ?? null;
};
