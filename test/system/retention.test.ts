import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const set = (key: string, value: unknown, status = 200) =>
  millrace.text('POST', `/settings/global/${key}`, status, value === undefined ? {} : { value });
const get = (key: string) => millrace.json('GET', `/settings/global/${key}`);

describe('instance settings', () => {
  it('are given back as they were set, and read as their default when they are not', async () => {
    expect(await get('retention_period_secs')).toBe(2_592_000);
    await set('retention_period_secs', 86_400);
    await set('npm_config_registry', 'https://npm.example.com');
    expect([await get('retention_period_secs'), await get('npm_config_registry')]).toEqual([
      86_400,
      'https://npm.example.com',
    ]);
    expect(await millrace.json('GET', '/settings/list_global')).toEqual([
      { name: 'npm_config_registry', value: 'https://npm.example.com' },
      { name: 'retention_period_secs', value: 86_400 },
    ]);
    await set('retention_period_secs', undefined);
    await set('npm_config_registry', null);
    expect([await get('retention_period_secs'), await get('npm_config_registry')]).toEqual([2_592_000, null]);
    expect(await millrace.json('GET', '/settings/list_global')).toEqual([]);
  });

  it('refuse what is no value or no setting by its name', async () => {
    expect(await set('retention_period_secs', -1, 400)).toContain('retention_period_secs: must be at least 0');
    expect(await set('retention', 60, 400)).toContain('no instance setting retention');
    expect(await millrace.text('GET', '/settings/global/nothing', 400)).toContain('nothing');
  });

  it('that may be secret are shown to superadmins only', async () => {
    await set('license_key', 'secret');
    await millrace.text('POST', '/users/create', 201, { email: 'ann@x.io', password: 'long enough' });
    const ann = await millrace.text('POST', '/auth/login', 200, { email: 'ann@x.io', password: 'long enough' });
    const headers = { authorization: `Bearer ${ann}` };
    await millrace.text('GET', '/settings/global/license_key', 403, undefined, headers);
    await millrace.text('GET', '/settings/global/retention_period_secs', 200, undefined, headers);
    await millrace.text('GET', '/settings/global/automate_username_creation', 200, undefined, headers);
    await millrace.text('POST', '/settings/global/retention_period_secs', 403, { value: 60 }, headers);
  });
});

const DAY_MS = 86_400_000;
const objects = () => {
  const index = new DatabaseSync(join(millrace.home, 's3/index.db'), { readOnly: true });
  const keys = index.prepare('SELECT key FROM objects ORDER BY key').all() as { key: string }[];
  index.close();
  return keys.map(({ key }) => key);
};
const items = (id: string) => {
  const table = new DatabaseSync(join(millrace.home, 'dynamodb/dynamodb.db'), { readOnly: true });
  const [{ name } = { name: '' }] = table
    .prepare("SELECT table_name AS name FROM _tables WHERE ttl_attribute = 'expires'")
    .all() as { name: string }[];
  const rows = table.prepare(`SELECT sk FROM "${name}" WHERE pk LIKE ? ORDER BY sk`).all(`%${id}`) as { sk: string }[];
  table.close();
  return rows.map(({ sk }) => sk);
};
const until = async (holds: () => boolean, what: string): Promise<void> => {
  for (let looks = 0; looks < 400; looks += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} never came to pass: ${millrace.reports.join('\n')}`);
};
/** A job with arguments and a result in S3, a log beside it, and a result larger than an item. */
const run = async (args: object = {}): Promise<string> => {
  const content = 'def main(pad: str = "", n: int = 1):\n    print("x" * 4000)\n    return "r" * n';
  const body = { language: 'python3', content, args };
  return millrace.text('POST', '/w/demo/jobs/run/preview', 201, body);
};
const LARGE = { pad: 'a'.repeat(20_000), n: 30_000 };

describe('retention', () => {
  it('takes a job, all that lay beside it and its objects, and no job that is younger or alive', async () => {
    await set('retention_period_secs', 30 * 86_400);
    const old = await run(LARGE);
    await millrace.completed(old);
    const waiting = await millrace.text('POST', '/w/demo/jobs/run/preview?scheduled_in_secs=8640000', 201, {
      language: 'bash',
      content: 'echo later',
    });
    expect(objects().filter((key) => key.includes(old)).length).toBeGreaterThan(1);
    millrace.cloud.clock.advance(30 * DAY_MS - 60_000);
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${old}`)).status).toBe(200);
    const young = await run();
    await millrace.completed(young);
    millrace.cloud.clock.advance(120_000);
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${old}`)).status).toBe(404);
    expect((await millrace.json('GET', '/w/demo/jobs/completed/list')).map(({ id }: { id: string }) => id)).toEqual([
      young,
    ]);
    await until(() => items(old).length === 0, 'the removal of the items');
    await until(() => !objects().some((key) => key.includes(old)), 'the removal of the objects');
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${young}`)).status).toBe(200);
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${waiting}`)).status).toBe(200);
  });
});
