import * as account from './account.ts';
import * as acls from './acls.ts';
import * as audit from './audit.ts';
import * as configs from './configs.ts';
import * as dependencies from './dependencies.ts';
import * as folders from './folders.ts';
import * as frames from './frames.ts';
import * as groups from './groups.ts';
import * as instance from './instance.ts';
import * as invites from './invites.ts';
import * as jobContracts from './job.ts';
import * as jobCancels from './job-cancels.ts';
import * as jobLists from './job-lists.ts';
import * as jobMetrics from './job-metrics.ts';
import * as login from './login.ts';
import * as members from './members.ts';
import * as resourceTypes from './resource-types.ts';
import * as resources from './resources.ts';
import * as run from './run.ts';
import * as runAndStream from './run-and-stream.ts';
import * as schedules from './schedules.ts';
import * as scripts from './scripts.ts';
import * as settings from './settings.ts';
import * as stream from './stream.ts';
import * as tokens from './tokens.ts';
import * as transfer from './transfer.ts';
import * as users from './users.ts';
import * as variables from './variables.ts';
import * as workers from './workers.ts';
import * as workspaces from './workspaces.ts';

const files = [
  instance,
  account,
  tokens,
  login,
  users,
  workspaces,
  members,
  invites,
  groups,
  folders,
  acls,
  audit,
  scripts,
  variables,
  resources,
  resourceTypes,
  schedules,
  run,
  runAndStream,
  dependencies,
  jobContracts,
  jobCancels,
  jobLists,
  jobMetrics,
  settings,
  configs,
  workers,
  stream,
  transfer,
];

/** Every operation that clients may call, whichever function answers it. Frames are no business of clients. */
export const allContracts = files.flatMap((file) =>
  Object.values(file).flatMap((stated) => ('access' in stated ? [stated] : [])),
);

/** What runners ask about their own attempts, by tokens that open nothing else. */
export const runnerContracts = Object.values(frames).flatMap((stated) => ('access' in stated ? [stated] : []));
