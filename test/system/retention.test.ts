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
