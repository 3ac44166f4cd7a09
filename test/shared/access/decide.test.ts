import { describe, expect, test } from 'vitest';
import { type Access, decide } from '../../../shared/access/decide.ts';
import type { Caller } from '../../../shared/access/principal.ts';

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
  super_admin: true,
};
const control: Caller = { kind: 'control', workspace: 'demo', job_id: 'j', attempt: 2 };

const read: Access = { needs: 'workspace', right: 'read' };
const run: Access = { needs: 'workspace', right: 'run' };
const write: Access = { needs: 'workspace', right: 'write' };
const superadmin: Access = { needs: 'superadmin' };
const account: Access = { needs: 'account' };
const login: Access = { needs: 'login' };
const token: Access = { needs: 'control-token' };
const here = { workspace: 'demo' };
const attempt = { workspace: 'demo', job: 'j', attempt: '2' };

const outcome = (...given: Parameters<typeof decide>) => {
  const decision = decide(...given);
  return decision.allow ? 'allow' : decision.status;
};

describe('who may what', () => {
  test.each<[string, Caller | undefined, Access, Parameters<typeof decide>[2], 'allow' | 401 | 403]>([
    ['nobody may what needs nothing', undefined, { needs: 'nothing' }, {}, 'allow'],
    ['nobody may not what needs a login', undefined, login, {}, 401],
    ['a superadmin may all in every workspace', admin, write, here, 'allow'],
    ['a superadmin may administer', admin, superadmin, {}, 'allow'],
    ['a superadmin token is no control token', admin, token, attempt, 403],
    ['a user who is no member may nothing in a workspace', user, read, here, 403],
    ['a user may not administer', user, superadmin, {}, 403],
    ['a token of one workspace is good there', { ...admin, workspace: 'demo' }, write, here, 'allow'],
    ['a token of one workspace is not good elsewhere', { ...admin, workspace: 'demo' }, read, { workspace: 'b' }, 403],
    ['a token of one workspace may not administer', { ...admin, workspace: 'demo' }, superadmin, {}, 403],
    ['a token of one workspace may not make tokens', { ...admin, workspace: 'demo' }, account, {}, 403],
    ['a read-only token may read', { ...admin, read_only: true }, read, here, 'allow'],
    ['a read-only token may not run', { ...admin, read_only: true }, run, here, 403],
    ['a read-only token may not administer', { ...admin, read_only: true }, superadmin, {}, 403],
    ['a token with scopes may nothing yet', { ...admin, scopes: ['jobs:run'] }, run, here, 403],
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
  ])('%s', (_, caller, access, target, expected) => {
    expect(outcome(caller, access, target)).toBe(expected);
  });
});
