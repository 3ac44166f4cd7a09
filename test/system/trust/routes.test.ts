import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allContracts, runnerContracts } from '../../../shared/contracts/all.ts';
import { Millrace } from '../millrace.ts';

/*
 * Every route and the rule that stands before it, written down apart from the code: a route that is not here fails the test,
 * and so does one whose rule was changed. Each is then called through the front door as everybody in turn.
 */
const RULES = {
  nothing: ['backendVersion', 'health', 'openApiDocument', 'login', 'isSmtpConfigured', 'isPasswordLoginDisabled'],
  login: [
    'getDbClock',
    'getGlobal',
    'getCurrentEmail',
    'previewSchedule',
    'globalWhoami',
    'existsWorkspace',
    'listUserWorkspaces',
    'listWorkspaces',
    'listAvailableScopes',
    'existsUsername',
    'listWorkers',
    'existsWorkersWithTags',
    'existsWorkerWithTag',
    'getCustomTags',
    'geDefaultTags',
    'isDefaultTagsPerWorkspace',
    'listWorkerGroups',
    'listAvailablePythonVersions',
  ],
  account: [
    'createToken',
    'deleteToken',
    'listTokens',
    'updateTokenLabel',
    'updateTokenScopes',
    'refreshUserToken',
    'logout',
    'setPassword',
    'listWorkspaceInvites',
    'acceptInvite',
    'declineInvite',
    'leaveWorkspace',
    'leaveInstance',
  ],
  superadmin: [
    'createUserGlobally',
    'existsEmail',
    'globalUserDelete',
    'globalUserUpdate',
    'listUsersAsSuperAdmin',
    'listGlobalSettings',
    'setGlobal',
    'createWorkspace',
    'unarchiveWorkspace',
    'globalUsernameInfo',
    'listWorkspacesAsSuperAdmin',
    'getCountsOfJobsWaitingPerTag',
    'getCountsOfRunningJobsPerTag',
    'countJobsByTag',
    'getQueueMetrics',
    'getQueueStatus',
    'getConfig',
    'listConfigs',
    'updateConfig',
    'deleteConfig',
  ],
  read: [
    'whoami',
    'getWorkspaceName',
    'getUser',
    'isOwnerOfPath',
    'listUsernames',
    'listUsers',
    'usernameToEmail',
    'whois',
    'getGroup',
    'listGroupNames',
    'listGroups',
    'existsFolder',
    'getFolder',
    'listFolderNames',
    'listFolders',
    'getGranularAcls',
    'listAuditLogs',
    'getAuditLog',
    'getGroupPermissionHistory',
    'getFolderPermissionHistory',
    'encryptValue',
    'existsVariable',
    'getVariable',
    'getVariableValue',
    'listContextualVariables',
    'listVariable',
    'existsResource',
    'getResource',
    'getResourceValue',
    'getResourceValueInterpolated',
    'listResource',
    'listResourceNames',
    'listSearchResource',
    'existsResourceType',
    'fileResourceTypeToFileExtMap',
    'getResourceType',
    'listResourceType',
    'listResourceTypeNames',
    'existsSchedule',
    'getSchedule',
    'listSchedules',
    'listSchedulesWithJobs',
    'existsScriptByPath',
    'getScriptByHash',
    'getScriptByPath',
    'getScriptDeploymentStatus',
    'getScriptHistoryByPath',
    'getScriptLatestVersion',
    'listScriptPaths',
    'listScripts',
    'rawScriptByHash',
    'rawScriptByPath',
    'waitForResult',
    'getCompletedJob',
    'getCompletedJobTiming',
    'getJob',
    'getJobPublicViewToken',
    'getJobUpdates',
    'getJobViewToken',
    'getRootJobId',
    'getScheduledFor',
    'countCompletedJobs',
    'getCompletedCount',
    'getQueueCount',
    'getQueuePosition',
    'listCompletedJobs',
    'listFilteredJobsUuids',
    'listFilteredQueueUuids',
    'getCustomTagsForWorkspace',
    'listJobs',
    'listQueue',
    'getCompletedJobResult',
    'getCompletedJobResultMaybe',
    'getJobArgs',
    'getJobProgress',
    'getJobLogs',
    'getJobUpdatesSse',
  ],
  run: [
    'runRawScriptDependencies',
    'runRawScriptDependenciesAsync',
    'setJobProgress',
    'runScriptByHash',
    'runScriptByHashGet',
    'runScriptByPath',
    'runScriptByPathGet',
    'runScriptPreview',
    'runScriptPreviewAndWaitResult',
    'uploadJobArgs',
    'runAndStreamScriptByHash',
    'runAndStreamScriptByHashGet',
    'runAndStreamScriptByPath',
    'runAndStreamScriptByPathGet',
    'runWaitResultScriptByHash',
    'runWaitResultScriptByHashGet',
    'runWaitResultScriptByPath',
    'runWaitResultScriptByPathGet',
    'cancelPersistentQueuedJobs',
    'cancelQueuedJob',
    'cancelSelection',
    'runQueuedJobNow',
    'forceCancelQueuedJob',
    'addBatchJobs',
  ],
  write: [
    'addUserToGroup',
    'createGroup',
    'deleteGroup',
    'removeUserToGroup',
    'updateGroup',
    'addOwnerToFolder',
    'createFolder',
    'deleteFolder',
    'removeOwnerToFolder',
    'updateFolder',
    'addGranularAcls',
    'removeGranularAcls',
    'createVariable',
    'deleteVariable',
    'deleteVariablesBulk',
    'updateVariable',
    'createResource',
    'deleteResource',
    'deleteResourcesBulk',
    'updateResource',
    'updateResourceValue',
    'createResourceType',
    'deleteResourceType',
    'updateResourceType',
    'archiveScriptByHash',
    'archiveScriptByPath',
    'createSchedule',
    'deleteSchedule',
    'setScheduleEnabled',
    'updateSchedule',
    'createScript',
    'deleteScriptByHash',
    'deleteScriptByPath',
  ],
  admin: [
    'deleteCompletedJob',
    'deleteJobs',
    'exportCompletedJobs',
    'exportQueuedJobs',
    'setDefaultErrorOrRecoveryHandler',

    'addUser',
    'archiveWorkspace',
    'editIsolation',
    'deleteUser',
    'inviteUser',
    'updateUser',
    'listPendingInvites',
    'deleteInvite',
    'listAddableInstanceUsers',
    'changeWorkspaceName',
  ],
  'control-token': ['attemptControl', 'attemptFrames', 'attemptOrder', 'packageUploads', 'resultUpload'],
};

type Rule = keyof typeof RULES;
const CALLERS = [
  'nobody',
  'wrong token',
  'other workspace',
  'operator',
  'developer',
  'admin',
  'job',
  'scoped',
  'read-only',
  'superadmin',
] as const;
type Caller = (typeof CALLERS)[number];

/** Whom each rule lets pass. */
const PASSES: Record<Rule, readonly Caller[]> = {
  nothing: CALLERS,
  login: ['other workspace', 'operator', 'developer', 'admin', 'job', 'read-only', 'superadmin'],
  account: ['other workspace', 'operator', 'developer', 'admin', 'superadmin'],
  superadmin: ['superadmin'],
  read: ['operator', 'developer', 'admin', 'job', 'read-only', 'superadmin'],
  run: ['operator', 'developer', 'admin', 'job', 'superadmin'],
  write: ['developer', 'admin', 'job', 'superadmin'],
  admin: ['admin', 'superadmin'],
  /** Nobody of them runs an attempt: even a job's own token is not its runner's. */
  'control-token': [],
};
const EVERY = [...allContracts, ...runnerContracts];
/** What changes who may call what follows, so it comes last. */
const LAST = ['archiveWorkspace', 'unarchiveWorkspace', 'leaveWorkspace', 'logout', 'leaveInstance'];

const VALUES: Record<string, string> = {
  workspace: 'demo',
  id: '0196a5f0-0000-7000-8000-000000000000',
  hash: '0123456789abcdef',
  path: 'u/nobody/nothing',
  name: 'nothing',
  kind: 'script',
  username: 'nobody',
  email: 'nobody@x.io',
  token_prefix: 'nothing123',
  scheduled_for: '1',
  key: 'nothing',
  n: '1',
  attempt: '1',
};
/** A session that was renewed is gone: here it is only asked whether it must be. */
const QUERY: Record<string, string> = { refreshUserToken: '?if_expiring_in_less_than_s=1' };
const urlOf = ({ id, path }: { id: string; path: string }): string =>
  path.replaceAll(/\{(\w+)\+?\}/g, (_, name) => VALUES[name] ?? `no-${name}`) + (QUERY[id] ?? '');

let millrace: Millrace;
const tokens = new Map<Caller, string>();

const EMAILS: Partial<Record<Caller, string>> = {
  'other workspace': 'elsewhere@x.io',
  operator: 'op@x.io',
  developer: 'dev@x.io',
  admin: 'boss@x.io',
  superadmin: 'admin@millrace.dev',
};

const session = (caller: Caller): Promise<string> => {
  const password = caller === 'superadmin' ? millrace.token : 'long enough';
  return millrace.text('POST', '/auth/login', 200, { email: EMAILS[caller], password });
};

const login = async (caller: Caller): Promise<string> => {
  await millrace.text('POST', '/users/create', 201, { email: EMAILS[caller], password: 'long enough' });
  return session(caller);
};

/** The WM_TOKEN of a job that goes on running, as the job itself knows it. */
const jobToken = async (developer: string): Promise<string> => {
  const body = { language: 'bash', content: 'echo "=$WM_TOKEN=" | rev; sleep 100' };
  const headers = { authorization: `Bearer ${developer}` };
  const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, body, headers);
  for (let looks = 0; looks < 200; looks += 1) {
    const log = await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    const token = /^=(\S+)=$/m.exec(log)?.[1];
    if (token !== undefined) return [...token].reverse().join('');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the job did not tell its token');
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace('demo');
  await millrace.workspace('other');
  const add = (workspace: string, email: string, more: object = {}) =>
    millrace.text('POST', `/w/${workspace}/workspaces/add_user`, 201, { email, ...more });
  const developer = await login('developer');
  tokens.set('wrong token', 'not-a-token');
  tokens.set('other workspace', await login('other workspace'));
  tokens.set('operator', await login('operator'));
  tokens.set('developer', developer);
  tokens.set('admin', await login('admin'));
  tokens.set('superadmin', millrace.token);
  await add('other', 'elsewhere@x.io');
  await add('demo', 'op@x.io', { operator: true });
  await add('demo', 'dev@x.io');
  await add('demo', 'boss@x.io', { is_admin: true });
  const limited = (body: object) =>
    millrace.text('POST', '/users/tokens/create', 201, body, { authorization: `Bearer ${developer}` });
  tokens.set('scoped', await limited({ scopes: ['jobs:run:scripts:f/only/this'] }));
  tokens.set('read-only', await limited({ read_only: true }));
  tokens.set('job', await jobToken(developer));
}, 60_000);

afterAll(() => millrace.stop());

const RULE_OF = new Map(Object.entries(RULES).flatMap(([rule, ids]) => ids.map((id) => [id, rule as Rule] as const)));

/** A webhook token follows jobs by id; nothing else of the table is in its scope. */
const passes = (contract: (typeof EVERY)[number], rule: Rule, caller: Caller): boolean =>
  caller === 'scoped' && rule === 'read'
    ? /\/job(s|_metrics)/.test(contract.path) && contract.path.includes('{id}')
    : caller === 'read-only' && rule === 'login'
      ? contract.method === 'GET'
      : PASSES[rule].includes(caller);

describe('every route', () => {
  test('is in the table, with its rule', () => {
    const stated = EVERY.map(({ id, access }) => [id, access.needs === 'workspace' ? access.right : access.needs]);
    expect(Object.fromEntries(stated)).toEqual(Object.fromEntries(RULE_OF));
  });

  test('that a link to a job opens is one that reads a job by its id', () => {
    const opened = allContracts.flatMap(({ id, access }) => ('orViewToken' in access ? [id] : []));
    expect(opened.sort()).toEqual([
      'getCompletedJob',
      'getCompletedJobResult',
      'getCompletedJobResultMaybe',
      'getCompletedJobTiming',
      'getJob',
      'getJobArgs',
      'getJobLogs',
      'getJobUpdates',
      'getJobUpdatesSse',
      'getRootJobId',
    ]);
  });

  test('lets pass whom its rule lets pass, and refuses everybody else', { timeout: 120_000 }, async () => {
    const order = [...EVERY].sort((a, b) => LAST.indexOf(a.id) - LAST.indexOf(b.id));
    const wrong: string[] = [];
    for (const contract of order) {
      const rule = RULE_OF.get(contract.id) ?? 'nothing';
      for (const caller of CALLERS) {
        // The admin has archived it by then.
        if (contract.id === 'archiveWorkspace' && caller === 'superadmin') continue;
        // Everybody has logged out before.
        if (contract.id === 'leaveInstance' && EMAILS[caller] !== undefined) tokens.set(caller, await session(caller));
        const token = tokens.get(caller);
        const response = await fetch(`${millrace.url}/api${urlOf(contract)}`, {
          method: contract.method,
          redirect: 'manual',
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          ...(contract.method === 'POST' ? { body: '{}' } : {}),
        });
        const text = await response.text();
        const refused = response.status === 401 || response.status === 403;
        const told = `${contract.id} as ${caller}: ${response.status} ${text.slice(0, 100)}`;
        if (refused === passes(contract, rule, caller) || response.status >= 500) wrong.push(told);
      }
    }
    expect(wrong).toEqual([]);
  });
});
