/*
 * Every key of the `catalog` table.
 *
 * | pk                    | sk                 | item                             | written by                      | read by                   | deleted by     |
 * |-----------------------|--------------------|----------------------------------|---------------------------------|---------------------------|----------------|
 * | `instance`            | `base`             | base URL, public keys            | seed                            | whoever signs or verifies | never          |
 * | `token#<sha256>`      | `token`            | a token's owner and limits       | seed, users/tokens/create       | every function with HTTP  | tokens/delete  |
 * | `user#<email>`        | `user`             | a user of the instance           | seed                            | api                       | later          |
 * | `user#<email>`        | `token#<prefix>`   | a token in its owner's list      | with the token                  | tokens/list, delete       | tokens/delete  |
 * | `workspaces`          | `<workspace>`      | a workspace                      | workspaces/create               | every function with HTTP  | later          |
 * | `<ws>#users`          | `<username>`       | a member of a workspace          | workspaces/create               | api                       | later          |
 * | `<ws>#scripts`        | `<path>`           | head: the newest version, small  | scripts/create, archive         | webhook, wait, api        | delete/p       |
 * | `<ws>#hash#<hash>`    | `script`           | a version, whole                 | scripts/create, archive, delete | dispatch, wait, api       | delete/p       |
 * | `<ws>#history#<path>` | `<time>#<hash>`    | a version in its path's history  | scripts/create                  | history/p, delete/p       | delete/p       |
 */

export type Key = { pk: string; sk: string };

export const tokenKey = (hash: string): Key => ({ pk: `token#${hash}`, sk: 'token' });
export const userKey = (email: string): Key => ({ pk: `user#${email}`, sk: 'user' });
export const USER_TOKEN_PREFIX = 'token#';
export const userTokenKey = (email: string, prefix: string): Key => ({
  pk: `user#${email}`,
  sk: `${USER_TOKEN_PREFIX}${prefix}`,
});

export const WORKSPACES = 'workspaces';
export const workspaceKey = (id: string): Key => ({ pk: WORKSPACES, sk: id });
export const memberKey = (workspace: string, username: string): Key => ({ pk: `${workspace}#users`, sk: username });

export const scriptsPartition = (workspace: string): string => `${workspace}#scripts`;
export const scriptHeadKey = (workspace: string, path: string): Key => ({ pk: scriptsPartition(workspace), sk: path });
export const scriptVersionKey = (workspace: string, hash: string): Key => ({
  pk: `${workspace}#hash#${hash}`,
  sk: 'script',
});
export const historyPartition = (workspace: string, path: string): string => `${workspace}#history#${path}`;
/** Sorts by time; `createdAt` in milliseconds since 1970. */
export const historyKey = (workspace: string, path: string, createdAt: number, hash: string): Key => ({
  pk: historyPartition(workspace, path),
  sk: `${String(createdAt).padStart(14, '0')}#${hash}`,
});
