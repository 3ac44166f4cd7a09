import { describe, expect, test } from 'vitest';
import { type Access, decide } from '../../../shared/access/decide.ts';
import type { Caller } from '../../../shared/access/principal.ts';
import type { Act } from '../../../shared/access/scopes.ts';
import type { Standing } from '../../../shared/access/standing.ts';

const admin: Caller = { kind: 'user', email: 'a@b.c', username: 'a', super_admin: true };
const user: Caller = { ...admin, super_admin: false };
const job: Caller = {
  kind: 'job',
  workspace: 'demo',
  job_id: 'j',
  attempt: 2,
  permissioned_as: 'u/a',
  email: 'a@b.c',
  username: 'a',
  created_by: 'a',
  super_admin: false,
};
const control: Caller = { kind: 'control', workspace: 'demo', job_id: 'j', attempt: 2 };

const read: Access = { needs: 'workspace', right: 'read' };
const run: Access = { needs: 'workspace', right: 'run' };
const write: Access = { needs: 'workspace', right: 'write' };
const superadmin: Access = { needs: 'superadmin' };
const account: Access = { needs: 'account' };
const login: Access = { needs: 'login' };
const token: Access = { needs: 'control-token' };
const member: Standing = {
  workspace: 'demo',
  permissioned_as: 'u/a',
  username: 'a',
  email: 'a@b.c',
  is_admin: false,
  operator: false,
  groups: ['all'],
  folders: [],
};
const sight: Access = { needs: 'workspace', right: 'read', orViewToken: true };
const link = { workspace: 'demo', link: { job: 'j', public: false } };
const publicLink = { workspace: 'demo', link: { job: 'j', public: true } };
const here = { workspace: 'demo', standing: member };
const attempt = { ...here, job: 'j', attempt: '2' };
const admins: Access = { needs: 'workspace', right: 'admin' };

type Target = Omit<Parameters<typeof decide>[2], 'act'> & { act?: Act };

const actOf = (access: Access): Act => ({
  domain: 'jobs',
  action: access.needs === 'workspace' && access.right !== 'admin' ? access.right : 'write',
});

const outcome = (caller: Caller | undefined, access: Access, target: Target) => {
  const decision = decide(caller, access, { act: actOf(access), ...target });
  return decision.allow ? 'allow' : decision.status;
};

describe('who may what', () => {
  test.each<[string, Caller | undefined, Access, Target, 'allow' | 401 | 403]>([
    ['nobody may what needs nothing', undefined, { needs: 'nothing' }, {}, 'allow'],
    ['nobody may not what needs a login', undefined, login, {}, 401],
    ['a member may read', user, read, here, 'allow'],
    ['a member may write', user, write, here, 'allow'],
    ['a member may not administer the workspace', user, admins, here, 403],
    ['an admin of the workspace may', user, admins, { ...here, standing: { ...member, is_admin: true } }, 'allow'],
    ['an operator may run', user, run, { ...here, standing: { ...member, operator: true } }, 'allow'],
    ['an operator may not write', user, write, { ...here, standing: { ...member, operator: true } }, 403],
    ['a job of an operator may not write', job, write, { ...here, standing: { ...member, operator: true } }, 403],
    ['an archived workspace can be read', user, read, { ...here, archived: true }, 'allow'],
    ['an archived workspace runs nothing', admin, run, { ...here, archived: true }, 403],
    ['a superadmin may administer', admin, superadmin, {}, 'allow'],
    ['a superadmin token is no control token', admin, token, attempt, 403],
    ['a user who is no member may nothing in a workspace', user, read, { workspace: 'demo' }, 403],
    ['a user may not administer', user, superadmin, {}, 403],
    ['a token of one workspace is good there', { ...admin, workspace: 'demo' }, write, here, 'allow'],
    ['a token of one workspace is not good elsewhere', { ...admin, workspace: 'demo' }, read, { workspace: 'b' }, 403],
    ['a token of one workspace may not administer', { ...admin, workspace: 'demo' }, superadmin, {}, 403],
    ['a token of one workspace may not make tokens', { ...admin, workspace: 'demo' }, account, {}, 403],
    ['a read-only token may read', { ...user, read_only: true }, read, here, 'allow'],
    ['a read-only token may not run', { ...admin, read_only: true }, run, here, 403],
    ['a read-only token may not administer', { ...admin, read_only: true }, superadmin, {}, 403],
    ['a token with scopes may what they say', { ...user, scopes: ['jobs:run'] }, run, here, 'allow'],
    ['a token with scopes may nothing else', { ...admin, scopes: ['jobs:run'] }, write, here, 403],
    ['a token without any scope may nothing', { ...admin, scopes: [] }, read, here, 403],
    ['a token with scopes may not make tokens', { ...admin, scopes: ['users:write'] }, account, {}, 403],
    ['a job whose identity is gone may nothing', job, read, { workspace: 'demo' }, 403],
    ['a job may act in its workspace', job, run, here, 'allow'],
    ['a job may not act in another workspace', job, read, { workspace: 'other' }, 403],
    ['a job may not administer', job, superadmin, {}, 403],
    ['a job may not make tokens that outlive it', job, account, {}, 403],
    ['a job may not answer for its runner', job, token, attempt, 403],
    ['a runner may ask about its attempt', control, token, attempt, 'allow'],
    ['a runner may not ask about another attempt', control, token, { ...attempt, attempt: '1' }, 403],
    ['a runner may not ask about another job', control, token, { ...attempt, job: 'k' }, 403],
    ['a runner may not ask about another workspace', control, token, { ...attempt, workspace: 'x' }, 403],
    ['a runner may nothing else', control, read, here, 403],
    ['a runner is not logged in', control, login, {}, 403],
    ['a link lets a user read who is nothing here', user, sight, link, 'allow'],
    ['a link needs somebody', undefined, sight, link, 401],
    ['a public link does not', undefined, sight, publicLink, 'allow'],
    ['a link opens no other read', user, read, link, 403],
    ['a public link opens no other read', undefined, read, publicLink, 401],
    ['a link runs nothing', user, { ...sight, right: 'run' }, publicLink, 403],
    ['a link widens no token of another workspace', { ...user, workspace: 'b' }, sight, link, 403],
    ['a link widens no scopes', { ...user, scopes: ['scripts:read'] }, sight, link, 403],
    ['a link takes a job to no other workspace', job, sight, { ...link, workspace: 'b' }, 403],
    ['a link is nothing to a runner', control, sight, link, 403],
  ])('%s', (_, caller, access, target, expected) => {
    expect(outcome(caller, access, target)).toBe(expected);
  });
});
