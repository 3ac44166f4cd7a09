/*
 * Every key of the `catalog` table.
 *
 * | pk                    | sk                 | item                             | written by                      | read by                   | deleted by     |
 * |-----------------------|--------------------|----------------------------------|---------------------------------|---------------------------|----------------|
 * | `instance`            | `base`             | base URL, public keys            | seed                            | whoever signs or verifies | never          |
 * | `instance`            | `settings`         | settings that mean something here | settings/global                | all who need one          | never          |
 * | `instance`            | `setting#<key>`    | a setting kept for Windmill's tools | settings/global               | api                       | settings/global|
 * | `token#<sha256>`      | `token`            | a token's owner and limits       | seed, users/tokens/create       | every function with HTTP  | tokens/delete  |
 * | `user#<email>`        | `user`             | a user of the instance           | seed                            | api                       | later          |
 * | `users`               | `<email>`          | a user in the list of all        | with the user                   | users/list_as_super_admin | users/delete   |
 * | `user#<email>`        | `token#<prefix>`   | a token in its owner's list      | with the token                  | tokens/list, delete       | tokens/delete  |
 * | `workspaces`          | `<workspace>`      | a workspace                      | workspaces/create               | every function with HTTP  | later          |
 * | `<ws>#access`         | `workspace`        | that it exists, and its state    | workspaces/create, archive      | every function with HTTP  | never          |
 * | `<ws>#access`         | `user#<username>`  | a member of the workspace        | users routes                    | every function with HTTP  | users/delete   |
 * | `<ws>#access`         | `group#<name>`     | a group and its members          | groups routes                   | every function with HTTP  | groups/delete  |
 * | `<ws>#access`         | `folder#<name>`    | a folder and its grants          | folders routes                  | every function with HTTP  | folders/delete |
 * | `user#<email>`        | `member#<ws>`      | his name in a workspace          | with the member                 | api, dispatch, wait       | with the member|
 * | `user#<email>`        | `invite#<ws>`      | an invitation he has not answered | invite_user                    | users/list_invites, accept | accept, decline, delete_invite, add_user, users/delete |
 * | `<ws>#invites`        | `<email>`          | the same, for the workspace      | with the invitation             | list_pending_invites      | with the invitation |
 * | `<ws>#audit`           | `<id>`             | a line of the audit log          | every change, by api            | audit/list                | never          |
 * | `<ws>#audit#<thing>`  | `<id>`             | the same line, by group or folder | with the line                  | groups_history, folders_history | never     |
 * | `<ws>#former`         | `group#`, `folder#`, `user#<name>` | a name that was given up | their delete           | their create, accept_invite | an admin's create |
 * | `<ws>#keys`           | `view`             | key that signs links to jobs     | first jobs/job_view_token       | api, stream               | never          |
 * | `<ws>#keys`           | `secrets`, `masks` | a data key, encrypted by KMS     | the first secret, by api        | api, dispatch, wait       | never          |
 * | `<ws>#scripts`        | `<path>`           | head: the newest version, small  | scripts/create, archive         | webhook, wait, api        | delete/p       |
 * | `<ws>#hash#<hash>`    | `script`           | a version, whole                 | scripts/create, archive, delete | dispatch, wait, api       | delete/p       |
 * | `<ws>#locks`          | `<hash>`           | what a dependencies job came to  | who ends that job               | dispatch, wait, api       | never          |
 * | `<ws>#importers#<path>` | `<importer>`       | a script that imports the one at the path | scripts/create          | scripts/create            | never          |
 * | `<ws>#history#<path>` | `<time>#<hash>`    | a version in its path's history  | scripts/create                  | history/p, delete/p       | delete/p       |
 * | `<ws>#variables`      | `<path>`           | a variable, secrets sealed       | variables routes                | api, dispatch, wait       | variables/delete, rename |
 * | `<ws>#resources`      | `<path>`           | a resource with its value        | resources routes                | api, dispatch, wait       | resources/delete, rename |
 * | `<ws>#restypes`       | `<name>`           | a resource type                  | resources/type routes           | api                       | type/delete    |
 * | `<ws>#schedules`      | `<path>`           | a schedule with its next tick    | schedules routes; whoever ends a tick | api, dispatch, wait, reaper, deadletter | schedules/delete |
 * | `<ws>#settings`       | `schedule_handlers`| default handlers of schedules    | schedules/setdefaulthandler     | nobody yet                | never          |
 */

import type { AuditHistory } from '../model/audit.ts';
import type { KeyPurpose } from '../model/key-purpose.ts';

export type Key = { pk: string; sk: string };

export const INSTANCE = 'instance';
export const settingsKey: Key = { pk: INSTANCE, sk: 'settings' };
export const SETTING_PREFIX = 'setting#';
export const storedSettingKey = (name: string): Key => ({ pk: INSTANCE, sk: `${SETTING_PREFIX}${name}` });

export const tokenKey = (hash: string): Key => ({ pk: `token#${hash}`, sk: 'token' });
export const userKey = (email: string): Key => ({ pk: `user#${email}`, sk: 'user' });
export const USER_TOKEN_PREFIX = 'token#';
export const userTokenKey = (email: string, prefix: string): Key => ({
  pk: `user#${email}`,
  sk: `${USER_TOKEN_PREFIX}${prefix}`,
});

export const USERS = 'users';
export const userListKey = (email: string): Key => ({ pk: USERS, sk: email });

export const WORKSPACES = 'workspaces';
export const workspaceKey = (id: string): Key => ({ pk: WORKSPACES, sk: id });

/** Everything that decides rights in a workspace, so that one query reads it. */
export const accessPartition = (workspace: string): string => `${workspace}#access`;
const inAccess = (workspace: string, sk: string): Key => ({ pk: accessPartition(workspace), sk });
export const WORKSPACE_SK = 'workspace';
export const MEMBER_PREFIX = 'user#';
export const GROUP_PREFIX = 'group#';
export const FOLDER_PREFIX = 'folder#';
export const workspaceStateKey = (workspace: string): Key => inAccess(workspace, WORKSPACE_SK);
export const memberKey = (workspace: string, username: string): Key => inAccess(workspace, MEMBER_PREFIX + username);
export const groupKey = (workspace: string, name: string): Key => inAccess(workspace, GROUP_PREFIX + name);
export const folderKey = (workspace: string, name: string): Key => inAccess(workspace, FOLDER_PREFIX + name);
export const USER_MEMBER_PREFIX = 'member#';
export const membershipKey = (email: string, workspace: string): Key => ({
  pk: `user#${email}`,
  sk: `${USER_MEMBER_PREFIX}${workspace}`,
});

/** Says that a group or folder (`key` is its own) was there and is not any more. */
export const formerKey = (workspace: string, key: Key): Key => ({ pk: `${workspace}#former`, sk: key.sk });
export const schedulesPartition = (workspace: string): string => `${workspace}#schedules`;
export const scheduleHandlersKey = (workspace: string): Key => ({
  pk: `${workspace}#settings`,
  sk: 'schedule_handlers',
});

export const viewKeyKey = (workspace: string): Key => ({ pk: `${workspace}#keys`, sk: 'view' });

export const USER_INVITE_PREFIX = 'invite#';
export const userInviteKey = (email: string, workspace: string): Key => ({
  pk: `user#${email}`,
  sk: `${USER_INVITE_PREFIX}${workspace}`,
});
export const invitesPartition = (workspace: string): string => `${workspace}#invites`;
export const inviteKey = (workspace: string, email: string): Key => ({ pk: invitesPartition(workspace), sk: email });

export const dataKeyKey = (workspace: string, purpose: KeyPurpose): Key => ({ pk: `${workspace}#keys`, sk: purpose });

export const scriptsPartition = (workspace: string): string => `${workspace}#scripts`;
export const scriptHeadKey = (workspace: string, path: string): Key => ({ pk: scriptsPartition(workspace), sk: path });
export const scriptVersionKey = (workspace: string, hash: string): Key => ({
  pk: `${workspace}#hash#${hash}`,
  sk: 'script',
});
/** A partition of their own: who ends dependencies jobs may write these and nothing of the versions. */
export const scriptLockKey = (workspace: string, hash: string): Key => ({ pk: `${workspace}#locks`, sk: hash });
export const importersPartition = (workspace: string, path: string): string => `${workspace}#importers#${path}`;
export const importerKey = (workspace: string, path: string, importer: string): Key => ({
  pk: importersPartition(workspace, path),
  sk: importer,
});
export const historyPartition = (workspace: string, path: string): string => `${workspace}#history#${path}`;
/** Sorts by time; `createdAt` in milliseconds since 1970. */
export const historyKey = (workspace: string, path: string, createdAt: number, hash: string): Key => ({
  pk: historyPartition(workspace, path),
  sk: `${String(createdAt).padStart(14, '0')}#${hash}`,
});

export const variablesPartition = (workspace: string): string => `${workspace}#variables`;
export const resourcesPartition = (workspace: string): string => `${workspace}#resources`;
export const resourceTypesPartition = (workspace: string): string => `${workspace}#restypes`;

/** With `history`: the lines about that group or folder alone. */
export const auditPartition = (workspace: string, history?: AuditHistory): string =>
  history === undefined ? `${workspace}#audit` : `${workspace}#audit#${history}`;
/** Sorts by time, as the ids do. */
export const auditKey = (workspace: string, id: number, history?: AuditHistory): Key => ({
  pk: auditPartition(workspace, history),
  sk: String(id).padStart(17, '0'),
});
