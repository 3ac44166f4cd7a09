import { expect, test } from 'vitest';
import { beforeTelling } from '../../../functions/api/tell-secrets.ts';
import type { Principal } from '../../../shared/access/principal.ts';
import type { Standing } from '../../../shared/access/standing.ts';
import type { AuditLine } from '../../../shared/model/audit.ts';

const ANN = { email: 'ann@x.io', username: 'ann', super_admin: false };
const standing: Standing = {
  workspace: 'demo',
  permissioned_as: 'u/ann',
  username: 'ann',
  email: 'ann@x.io',
  is_admin: false,
  operator: false,
  groups: ['all'],
  folders: [],
};
const job: Principal = {
  kind: 'job',
  workspace: 'demo',
  job_id: '0196a5f0-0000-7000-8000-000000000000',
  attempt: 3,
  permissioned_as: 'u/ann',
  created_by: 'ann',
  ...ANN,
};
const secrets = [
  { path: 'u/ann/a', text: 'first secret' },
  { path: 'u/ann/b', text: 'second secret' },
  { path: 'u/ann/a', text: 'first secret' },
];

/** Keeps what happened, in its order. */
const recorder = (alive: boolean) => {
  const happened: unknown[] = [];
  const deps = {
    masks: {
      add: async (key: object, attempt: number, texts: readonly string[]) => {
        happened.push({ key, attempt, texts });
        return alive;
      },
    },
    audit: { append: async (line: AuditLine) => void happened.push(line) },
  };
  return { happened, deps };
};

test('a job that asks for secrets has them masked first, all at once, and one line each in the audit log', async () => {
  const { happened, deps } = recorder(true);
  await beforeTelling(deps, { principal: job, standing, now: 5 }, secrets);
  const line = { workspace: 'demo', username: 'ann', email: 'ann@x.io', operation: 'variables.decrypt_secret' };
  expect(happened).toEqual([
    { key: { workspace: 'demo', id: job.job_id }, attempt: 3, texts: ['first secret', 'second secret'] },
    { ...line, timestamp: 5, action_kind: 'Execute', resource: 'u/ann/a', job: job.job_id },
    { ...line, timestamp: 5, action_kind: 'Execute', resource: 'u/ann/b', job: job.job_id },
  ]);
});

test('a job whose attempt is over is refused, and told nothing', async () => {
  const { deps } = recorder(false);
  const asked = beforeTelling(deps, { principal: job, standing, now: 5 }, secrets);
  await expect(asked).rejects.toMatchObject({ status: 401 });
});

test('a user has no log to mask, and leaves his line; nothing secret leaves none', async () => {
  const { happened, deps } = recorder(false);
  await beforeTelling(deps, { principal: { kind: 'user', ...ANN }, standing, now: 5 }, secrets.slice(0, 1));
  expect(happened).toMatchObject([{ operation: 'variables.decrypt_secret', resource: 'u/ann/a' }]);
  await beforeTelling(deps, { principal: job, standing, now: 5 }, []);
  expect(happened).toHaveLength(1);
});
