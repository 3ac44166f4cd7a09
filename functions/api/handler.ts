import { randomBytes } from 'node:crypto';
import { cachedTokens } from '../../shared/access/cached-tokens.ts';
import { AuditLog } from '../../shared/aws/audit-log.ts';
import { ResourceTypeCatalog } from '../../shared/aws/catalog-resource-types.ts';
import { ResourceCatalog } from '../../shared/aws/catalog-resources.ts';
import { ScheduleCatalog } from '../../shared/aws/catalog-schedules.ts';
import { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import { ScriptReads } from '../../shared/aws/catalog-scripts.ts';
import { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import { VariableCatalog } from '../../shared/aws/catalog-variables.ts';
import { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { followupDeps } from '../../shared/aws/followup-steps.ts';
import { callerStores } from '../../shared/aws/http-deps.ts';
import { InstanceStore } from '../../shared/aws/instance.ts';
import { InviteCatalog } from '../../shared/aws/invite-catalog.ts';
import { JobCounts } from '../../shared/aws/job-counts.ts';
import { JobReads } from '../../shared/aws/job-reads.ts';
import { AwsJobRemains } from '../../shared/aws/job-remains.ts';
import { DynamoLiveRows } from '../../shared/aws/live-rows.ts';
import { LogReads } from '../../shared/aws/log-reads.ts';
import { AwsLogStore } from '../../shared/aws/log-store.ts';
import { LoginAttempts } from '../../shared/aws/login-attempts.ts';
import { DynamoMaskStore } from '../../shared/aws/mask-store.ts';
import { MemberWrites } from '../../shared/aws/member-writes.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { QueueLoads } from '../../shared/aws/queue-loads.ts';
import { RosterWrites } from '../../shared/aws/roster-writes.ts';
import { ScheduleDefaults } from '../../shared/aws/schedule-defaults.ts';
import { AwsScriptDirectory } from '../../shared/aws/script-directory.ts';
import { DynamoScriptLocks } from '../../shared/aws/script-locks.ts';
import { KmsSecretBox } from '../../shared/aws/secret-box.ts';
import { SettingsStore } from '../../shared/aws/settings-store.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoUploadPromises } from '../../shared/aws/upload-promises.ts';
import { S3UploadStore } from '../../shared/aws/upload-store.ts';
import { UserCatalog } from '../../shared/aws/user-catalog.ts';
import { CatalogValueReads } from '../../shared/aws/value-reads.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { accountRoutes } from './account-routes.ts';
import { aclRoutes } from './acl-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { batchRoutes } from './batch-routes.ts';
import { cancelRoutes } from './cancel-routes.ts';
import { configRoutes } from './config-routes.ts';
import { deleteRoutes } from './delete-routes.ts';
import { Env } from './env.ts';
import { folderRoutes } from './folder-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { instanceRoutes } from './instance-routes.ts';
import { inviteRoutes } from './invite-routes.ts';
import { jobListRoutes } from './job-list-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { loginRoutes } from './login-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { progressRoutes } from './progress-routes.ts';
import { queueStatusRoutes } from './queue-status-routes.ts';
import { resourceRoutes } from './resource-routes.ts';
import { resourceTypeRoutes } from './resource-type-routes.ts';
import { scheduleRoutes } from './schedule-routes.ts';
import { scriptRoutes } from './script-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { uploadRoutes } from './upload-routes.ts';
import { userRoutes } from './user-routes.ts';
import { variableRoutes } from './variable-routes.ts';
import { workerRoutes } from './worker-routes.ts';
import { workspaceRoutes } from './workspace-routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const { JOBS_TABLE, CATALOG_TABLE, PAYLOAD_BUCKET } = env;
const instance = new InstanceStore(db, CATALOG_TABLE);
const users = new UserCatalog(db, CATALOG_TABLE);
const tokens = new TokenCatalog(db, CATALOG_TABLE);
const queue = jobQueueOf(env);
const schedules = new ScheduleCatalog(db, CATALOG_TABLE);
const workspaces = new WorkspaceCatalog(db, CATALOG_TABLE);
const start = startDeps(db, env, queue);
const { jobs } = start;
const locks = new DynamoScriptLocks(db, CATALOG_TABLE);
const followups = followupDeps(db, env, start);
const audit = new AuditLog(db, CATALOG_TABLE);
const callers = callerStores(db, CATALOG_TABLE, jobs);
const settings = new SettingsStore(db, CATALOG_TABLE);
const groups = env.WORKER_GROUPS;
const workers = new DynamoWorkerStore(db, JOBS_TABLE);
const newToken = (): string => randomBytes(24).toString('base64url');
const changed = (workspace: string): void => callers.rosters.forget(workspace);
const invites = new InviteCatalog(db, CATALOG_TABLE, changed);
const roster = {
  rosters: callers.rosters,
  members: new MemberWrites(db, CATALOG_TABLE, changed),
  writes: new RosterWrites(db, CATALOG_TABLE, changed),
};

const keyArn = env.SECRETS_KEY_ARN;
const box = new KmsSecretBox(db, CATALOG_TABLE, { keyArn, purpose: 'secrets', makesKeys: true, now: Date.now });
const masks = new DynamoMaskStore(
  db,
  JOBS_TABLE,
  new KmsSecretBox(db, CATALOG_TABLE, { keyArn, purpose: 'masks', makesKeys: true, now: Date.now }),
);
const variables = new VariableCatalog(db, CATALOG_TABLE);
const resources = new ResourceCatalog(db, CATALOG_TABLE);
const values = new CatalogValueReads({ variables, resources, box, now: Date.now });

/** Everything over HTTP that neither runs a job nor streams: catalog, job reads, cancel, settings. */
export const handler = httpHandler({
  deps: { ...callers, tokens: cachedTokens(callers.tokens), audit, now: Date.now },
  routes: [
    ...instanceRoutes({ reachable: () => instance.read(Date.now()) }),
    ...settingsRoutes({ settings }),
    ...configRoutes({ groups }),
    ...workerRoutes({ workers, groups, queue, settings }),
    ...queueStatusRoutes({ workers, groups, loads: new QueueLoads(db, JOBS_TABLE, workspaces) }),
    ...accountRoutes({ tokens }),
    ...tokenRoutes({ tokens, settings, newToken }),
    ...userRoutes({ ...roster, users, tokens, invites }),
    ...loginRoutes({
      audit,
      users,
      tokens,
      attempts: new LoginAttempts(db, JOBS_TABLE),
      newToken,
    }),
    ...workspaceRoutes({
      workspaces,
      users,
      invites,
      rosters: callers.rosters,
    }),
    ...inviteRoutes({ invites }),
    ...memberRoutes({ ...roster, users }),
    ...groupRoutes(roster),
    ...folderRoutes(roster),
    ...aclRoutes({
      ...roster,
      scripts: new ScriptReads(db, CATALOG_TABLE),
      catalog: new ScriptCatalog(db, CATALOG_TABLE),
      variables,
      resources,
      schedules,
    }),
    ...auditRoutes({ audit, workspaces }),
    ...historyRoutes({ audit, rosters: callers.rosters }),
    ...variableRoutes({
      variables,
      values,
      box,
      masks,
      audit,
      baseUrl: async (now) => (await instance.read(now)).base_url,
    }),
    ...resourceRoutes({ resources, values, masks, audit }),
    ...resourceTypeRoutes({ types: new ResourceTypeCatalog(db, CATALOG_TABLE) }),
    ...scriptRoutes({
      reads: new ScriptReads(db, CATALOG_TABLE),
      catalog: new ScriptCatalog(db, CATALOG_TABLE),
      rosters: callers.rosters,
      locks,
      start,
      report: followups.report,
    }),
    ...scheduleRoutes({
      ...start,
      ...followups,
      logs: new AwsLogStore(db, JOBS_TABLE, PAYLOAD_BUCKET),
      schedules,
      directory: new AwsScriptDirectory(db, CATALOG_TABLE),
      rosters: callers.rosters,
      reads: new JobReads(db, JOBS_TABLE),
      defaults: new ScheduleDefaults(db, CATALOG_TABLE),
    }),
    ...uploadRoutes({
      uploads: new S3UploadStore(PAYLOAD_BUCKET),
      promises: new DynamoUploadPromises(db, JOBS_TABLE),
    }),
    ...jobRoutes({
      ...start,
      logs: new LogReads(db, JOBS_TABLE, PAYLOAD_BUCKET),
      queue,
      links: callers.links,
    }),
    ...progressRoutes({ jobs }),
    ...deleteRoutes({
      ...start,
      logs: new LogReads(db, JOBS_TABLE, PAYLOAD_BUCKET),
      remains: new AwsJobRemains(db, JOBS_TABLE, PAYLOAD_BUCKET),
    }),
    ...cancelRoutes({
      ...start,
      ...followups,
      logs: new AwsLogStore(db, JOBS_TABLE, PAYLOAD_BUCKET),
      live: new DynamoLiveRows(db, JOBS_TABLE),
      queue,
    }),
    ...jobListRoutes({
      queue,
      reads: new JobReads(db, JOBS_TABLE),
      counts: new JobCounts(db, JOBS_TABLE),
      settings,
      workspaces,
    }),
    ...batchRoutes({
      ...start,
      settings,
      scripts: new AwsScriptDirectory(db, CATALOG_TABLE),
      random: randomBytes,
    }),
  ],
  originSecrets: env.ORIGIN_SECRETS,
});
