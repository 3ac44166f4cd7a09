import { readFileSync } from 'node:fs';
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
const readObject = (key: string): string => {
  const index = new DatabaseSync(join(millrace.home, 's3/index.db'), { readOnly: true });
  const { file } = index.prepare('SELECT file FROM objects WHERE key = ?').get(key) as { file: string };
  index.close();
  return readFileSync(join(millrace.home, 's3', file), 'utf8');
};
const items = (id: string) => {
  const table = new DatabaseSync(join(millrace.home, 'dynamodb/dynamodb.db'), { readOnly: true });
  const [{ name } = { name: '' }] = table
    .prepare("SELECT table_name AS name FROM _tables WHERE ttl_attribute = 'expires'")
    .all() as { name: string }[];
  const rows = table.prepare(`SELECT sk FROM "${name}" WHERE pk LIKE ? ORDER BY sk`).all(`%${id}`) as { sk: string }[];
  table.close();
  return rows.map(({ sk }) => sk.replace(/^S:/, ''));
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

describe('a changed period', () => {
  it('holds for the jobs that are completed already', async () => {
    const id = await run();
    await millrace.completed(id);
    await set('retention_period_secs_overrides', { demo: 3_600 });
    millrace.cloud.clock.advance(120_000);
    await millrace.cloud.tick('reaper');
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${id}`)).status).toBe(200);
    millrace.cloud.clock.advance(3_600_000);
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${id}`)).status).toBe(404);
    await set('retention_period_secs_overrides', undefined);
  });
});

describe('an archive', () => {
  it('keeps a job as a line of JSON before its retention takes it', async () => {
    await set('archive_completed_jobs', true);
    await set('retention_period_secs', 3_600);
    millrace.cloud.clock.advance(61_000);
    const id = await run({ pad: 'a'.repeat(500), n: 3 });
    await millrace.completed(id);
    millrace.cloud.clock.advance(3_660_000);
    await until(() => items(id).length === 0, 'the removal of the items');
    const [key = ''] = objects().filter((object) => object.includes(id));
    expect(key).toMatch(/^archive\/demo\/dt=\d{4}-\d\d-\d\d\/[0-9a-f-]{36}\.jsonl$/);
    const line = readObject(key);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({
      id,
      args: { pad: 'a'.repeat(500), n: 3 },
      result: 'rrr',
      success: true,
      logs: expect.stringContaining('xxxx'),
    });
    await set('archive_completed_jobs', false);
    await set('retention_period_secs', 0);
    millrace.cloud.clock.advance(61_000);
  });
});

describe('an export', () => {
  it('gives jobs whole, oldest first, page by page', async () => {
    const ids = [await run(LARGE), await run({ n: 2 })];
    for (const id of ids) await millrace.completed(id);
    const page = (n: number) => millrace.json('GET', `/w/demo/jobs/completed/export?page=${n}&per_page=1`);
    const [[first], [second], third] = [await page(1), await page(2), await page(3)];
    expect([first.id, second.id, third]).toEqual([...ids, []]);
    expect(first).toMatchObject({ args: LARGE, permissioned_as: 'u/admin', permissioned_as_email: first.email });
    expect(first.result).toHaveLength(30_000);
    expect(first.logs).toContain('x'.repeat(4_000));
    expect(first.raw_code).toContain('def main');
    const queued = await millrace.json('GET', '/w/demo/jobs/queue/export?page=1&per_page=1000');
    expect(queued.map(({ running, raw_code }: { running: boolean; raw_code: string }) => [running, raw_code])).toEqual([
      [false, 'echo later'],
    ]);
    expect(await millrace.text('GET', '/w/demo/jobs/completed/export?page=21&per_page=1000', 400)).toContain('page');
  });
});

describe('a completed job', () => {
  it('loses arguments, result and log when it is wiped, and stays in the lists', async () => {
    const id = await run(LARGE);
    await millrace.completed(id);
    const wiped = await millrace.json('POST', `/w/demo/jobs/completed/delete/${id}`);
    expect(wiped).toMatchObject({ id, deleted: true, args: {}, result: {}, logs: '##DELETED##' });
    expect(objects().filter((key) => key.includes(id))).toEqual([]);
    expect(items(id).filter((sk) => sk !== 'job' && !sk.startsWith('code#'))).toEqual([]);
    expect(await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`, 200)).toBe(
      '##DELETED##',
    );
    expect(await millrace.json('GET', '/w/demo/jobs/completed/list?per_page=1')).toMatchObject([{ id, deleted: true }]);
  });

  it('is gone with all it had when it is deleted, and one that is alive is not', async () => {
    const id = await run(LARGE);
    await millrace.completed(id);
    const [waiting] = await millrace.json('GET', '/w/demo/jobs/queue/list');
    expect(await millrace.text('POST', '/w/demo/jobs/delete', 400, [id, waiting.id])).toContain('cancel it first');
    await millrace.text('POST', '/w/demo/jobs/delete', 200, [id]);
    expect((await millrace.request('GET', `/w/demo/jobs_u/get/${id}`)).status).toBe(404);
    expect(objects().filter((key) => key.includes(id))).toEqual([]);
    expect(items(id)).toEqual(['job']);
    millrace.cloud.clock.advance(2_000);
    await until(() => items(id).length === 0, 'the removal of the item');
  });
});
