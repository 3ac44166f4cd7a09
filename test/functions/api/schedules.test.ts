import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { memberOf, type Person } from '../../support/people.ts';

let api: Api;
let dev: Person;
let other: Person;
beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
  [dev, other] = [await memberOf(api, 'dev'), await memberOf(api, 'other')];
  await api.call('POST', '/w/demo/folders/create', { body: { name: 'team', owners: ['u/dev'], extra_perms: {} } });
  const script = { path: 'f/team/work', language: 'bash', content: 'echo', summary: '' };
  for (const path of ['f/team/work', 'f/team/handler', 'u/other/own'])
    await api.call('POST', '/w/demo/scripts/create', { body: { ...script, path } });
}, 30_000);
afterAll(() => api.stop());

const DAILY = { schedule: '0 0 12 * * *', timezone: 'UTC', args: { n: 1 } };
let made = 0;
/** Makes a schedule that is on, and answers its path. */
const created = async (more: object = {}, who: Person = dev): Promise<string> => {
  made += 1;
  const body = {
    path: `f/team/s${made}`,
    script_path: 'f/team/work',
    is_flow: false,
    enabled: true,
    ...DAILY,
    ...more,
  };
  const answer = await who.call('POST', '/w/demo/schedules/create', body);
  expect(answer).toMatchObject({ status: 201, text: body.path });
  return body.path;
};
const refused = async (more: object, who: Person = dev): Promise<string> => {
  const body = { path: 'f/team/refused', script_path: 'f/team/work', is_flow: false, ...DAILY, ...more };
  const answer = await who.call('POST', '/w/demo/schedules/create', body);
  return `${answer.status} ${answer.text}`;
};
const get = (path: string) => dev.json('GET', `/w/demo/schedules/get/${path}`);
// biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
const ticksOf = (path: string): Promise<any[]> => api.json('GET', `/w/demo/jobs/queue/list?schedule_path=${path}`);
const update = (path: string, more: object = {}, who: Person = dev) =>
  who.call('POST', `/w/demo/schedules/update/${path}`, { ...DAILY, ...more });
const switched = (path: string, enabled: boolean) =>
  dev.call('POST', `/w/demo/schedules/setenabled/${path}`, { enabled });

describe('a schedule', () => {
  test('is given back as it was made, with who made it and whom it runs as', async () => {
    const path = await created({
      summary: 'Every day',
      on_failure: 'script/f/team/handler',
      on_failure_times: 2,
      on_failure_extra_args: { channel: 'x' },
      tag: 'bash',
      args: { large: 1, text: 'é' },
      labels: ['nightly'],
      paused_until: '2020-01-01T00:00:00+01:00',
      unknown_field: 1,
    });
    expect(await get(path)).toMatchObject({
      workspace_id: 'demo',
      path,
      script_path: 'f/team/work',
      is_flow: false,
      enabled: true,
      schedule: '0 0 12 * * *',
      timezone: 'UTC',
      args: { large: 1, text: 'é' },
      summary: 'Every day',
      on_failure: 'script/f/team/handler',
      on_failure_times: 2,
      on_failure_extra_args: { channel: 'x' },
      tag: 'bash',
      labels: ['nightly'],
      paused_until: '2019-12-31T23:00:00.000Z',
      permissioned_as: 'u/dev',
      email: 'dev@x.io',
      edited_by: 'dev',
      extra_perms: {},
      no_flow_overlap: false,
    });
    const shown = await get(path);
    for (const inner of ['tick', 'revision', 'rev', 'streak', 'unknown_field']) expect(shown).not.toHaveProperty(inner);
  });

  test('that is on has exactly one future job, at its next tick and with its identity', async () => {
    const path = await created();
    const [tick, ...more] = await ticksOf(path);
    expect(more).toEqual([]);
    expect(tick).toMatchObject({
      type: 'QueuedJob',
      script_path: 'f/team/work',
      created_by: `schedule-${path.replaceAll('/', '-')}`,
      permissioned_as: 'u/dev',
      email: 'dev@x.io',
      schedule_path: path,
      trigger_kind: 'schedule',
      tag: 'bash',
    });
    expect(tick.scheduled_for).toMatch(/T12:00:00\.000Z$/);
    expect(Date.parse(tick.scheduled_for)).toBeGreaterThan(Date.now());
  });

  test('that is off has none, until it is switched on', async () => {
    const path = await created({ enabled: undefined });
    expect((await get(path)).enabled).toBe(false);
    expect(await ticksOf(path)).toEqual([]);
    expect((await switched(path, true)).status).toBe(200);
    expect(await ticksOf(path)).toHaveLength(1);
    await switched(path, true);
    expect(await ticksOf(path)).toHaveLength(1);
    await switched(path, false);
    expect(await ticksOf(path)).toEqual([]);
  });

  test('that is edited loses its old tick for a new one, which runs as the editor', async () => {
    const path = await created({ summary: 'before' });
    const [old] = await ticksOf(path);
    expect((await update(path, { schedule: '0 30 6 * * *', args: null })).text).toBe(path);
    const [tick, ...more] = await ticksOf(path);
    expect(more).toEqual([]);
    expect(tick.id).not.toBe(old.id);
    expect(tick.scheduled_for).toMatch(/T06:30:00\.000Z$/);
    expect(await api.json('GET', `/w/demo/jobs_u/completed/get/${old.id}`)).toMatchObject({
      canceled: true,
      canceled_by: 'dev',
      canceled_reason: `schedule ${path} was edited`,
    });
    expect(await get(path)).toMatchObject({ script_path: 'f/team/work', args: {} });
    expect(await get(path)).not.toHaveProperty('summary');
    const admin = await api.call('POST', `/w/demo/schedules/update/${path}`, { body: DAILY });
    expect(admin.status).toBe(200);
    expect(await get(path)).toMatchObject({ permissioned_as: 'u/admin', edited_by: 'admin' });
  });

  test('that is edited without a change keeps exactly one tick', async () => {
    const path = await created();
    for (let times = 0; times < 3; times += 1) await update(path);
    expect(await ticksOf(path)).toHaveLength(1);
  });

  test('that is deleted is gone with its tick, and its path free', async () => {
    const path = await created();
    expect((await dev.call('DELETE', `/w/demo/schedules/delete/${path}`)).status).toBe(200);
    expect(await ticksOf(path)).toEqual([]);
    expect(await dev.json('GET', `/w/demo/schedules/exists/${path}`)).toBe(false);
    expect(await dev.status('GET', `/w/demo/schedules/get/${path}`)).toBe(404);
    await created({ path });
    expect(await ticksOf(path)).toHaveLength(1);
  });

  test('lets its tick be run before its time', async () => {
    const path = await created();
    const [tick] = await ticksOf(path);
    expect((await dev.call('POST', `/w/demo/jobs/queue/run_now/${tick.id}`)).status).toBe(200);
    const job = await api.jobs.get({ workspace: 'demo', id: tick.id });
    expect(job?.scheduled_for).toBeLessThanOrEqual(Date.now());
  });
});

describe('the future tick of a schedule', () => {
  test('cannot be canceled by hand', async () => {
    const path = await created();
    const [tick] = await ticksOf(path);
    for (const way of ['cancel', 'force_cancel']) {
      const answer = await dev.call('POST', `/w/demo/jobs_u/queue/${way}/${tick.id}`, {});
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/Cannot cancel a future tick of a schedule/);
      expect(answer.text).toContain(path);
    }
    expect(await ticksOf(path)).toHaveLength(1);
  });
});

describe('what cannot be is refused, naming it', () => {
  test.each([
    [{ schedule: '0 0 0 31 2 *' }, /^400 .*body schedule: .*never comes/],
    [{ schedule: '0 12 * * *' }, /^400 .*body schedule: .*seconds first/],
    [{ timezone: 'Nowhere/Else' }, /^400 .*body timezone: Nowhere\/Else/],
    [{ is_flow: true }, /^400 .*body is_flow: flows/],
    [{ script_path: 'f/team/missing' }, /^400 .*body script_path: .*f\/team\/missing/],
    [{ on_failure: 'script/f/team/missing' }, /^400 .*body on_failure: .*f\/team\/missing/],
    [{ dynamic_skip: 'f/team/handler' }, /^400 .*dynamic_skip/],
    [{ retry: { constant: { attempts: 2_000, seconds: 5 } } }, /^400 .*retry/],
    [{ cron_version: 'v9' }, /^400 .*cron_version/],
    [{ path: 'nowhere' }, /^400 .*body path/],
  ])('%o', async (more, message) => {
    expect(await refused(more)).toMatch(message);
  });

  test('a path that is taken', async () => {
    const path = await created();
    expect(await refused({ path })).toBe(`400 Schedule ${path} already exists`);
  });

  test('an unknown schedule', async () => {
    expect((await update('f/team/unknown')).status).toBe(404);
    expect((await switched('f/team/unknown', true)).status).toBe(404);
  });
});

describe('rights', () => {
  test('a folder of others is closed: to make, read, change, switch and delete schedules', async () => {
    const path = await created();
    expect(await refused({}, other)).toMatch(/^403 /);
    expect(await other.status('GET', `/w/demo/schedules/get/${path}`)).toBe(403);
    expect((await update(path, {}, other)).status).toBe(403);
    expect(await other.status('POST', `/w/demo/schedules/setenabled/${path}`, { enabled: false })).toBe(403);
    expect(await other.status('DELETE', `/w/demo/schedules/delete/${path}`)).toBe(403);
    expect(await other.json('GET', `/w/demo/schedules/exists/${path}`)).toBe(false);
    expect(await other.json('GET', '/w/demo/schedules/list')).toEqual([]);
  });

  test('a script or handler that one may not see cannot be scheduled', async () => {
    expect(await refused({ path: 'u/dev/s', script_path: 'u/other/own' })).toMatch(/^403 .*u\/other\/own.*script_path/);
    expect(await refused({ path: 'u/dev/s', on_success: 'u/other/own' })).toMatch(/^403 .*u\/other\/own.*on_success/);
  });

  test('a grant on the one schedule opens it, and a read grant does no more', async () => {
    const path = await created();
    expect(await dev.status('POST', `/w/demo/acls/add/schedule/${path}`, { owner: 'u/other', write: false })).toBe(200);
    expect(await other.status('GET', `/w/demo/schedules/get/${path}`)).toBe(200);
    expect((await update(path, {}, other)).status).toBe(403);
    expect(await other.json('GET', `/w/demo/acls/get/schedule/${path}`)).toEqual({ 'u/other': false });
    expect(await ticksOf(path)).toHaveLength(1);
  });

  test('only admins and deployers name somebody else to run as', async () => {
    const asAdmin = { permissioned_as: 'u/admin', preserve_permissioned_as: true };
    expect(await refused(asAdmin)).toMatch(/^403 .*u\/admin/);
    const ignored = await created({ permissioned_as: 'u/admin' });
    expect(await get(ignored)).toMatchObject({ permissioned_as: 'u/dev' });
    const path = await created();
    const asDev = { ...DAILY, permissioned_as: 'u/dev', preserve_permissioned_as: true };
    await api.call('POST', `/w/demo/schedules/update/${path}`, { body: asDev });
    expect(await get(path)).toMatchObject({ permissioned_as: 'u/dev', email: 'dev@x.io', edited_by: 'admin' });
    const nobody = { ...DAILY, permissioned_as: 'u/nobody', preserve_permissioned_as: true };
    expect(await api.call('POST', `/w/demo/schedules/update/${path}`, { body: nobody })).toMatchObject({ status: 400 });
  });
});

describe('lists', () => {
  test('show schedules by path, narrowed by what they run and say', async () => {
    const path = await created({ summary: 'Needle in the hay', labels: ['red'], args: { a: 1, b: 2 } });
    const found = async (query: string): Promise<string[]> =>
      (await dev.json('GET', `/w/demo/schedules/list?${query}`)).map((schedule: { path: string }) => schedule.path);
    const all = await found('per_page=100');
    expect(all).toEqual([...all].sort((a, b) => (a < b ? -1 : 1)));
    for (const query of [
      'summary=needle',
      'label=red',
      'broad_filter=HAY',
      `schedule_path=${path}`,
      'args={"b":2,"a":1}',
    ])
      expect(await found(query)).toEqual([path]);
    expect(await found('path=f/team/handler')).toEqual([]);
    expect(await found('is_flow=true')).toEqual([]);
    expect(await found('per_page=1&page=2')).toEqual([all[1]]);
  });

  test('with jobs show the last runs of each', async () => {
    const path = await created({ path: 'f/aaa-first/s' }).catch(() => created());
    const [tick] = await ticksOf(path);
    await dev.call('POST', `/w/demo/jobs/queue/run_now/${tick.id}`);
    const claimed = await api.jobs.claim(
      { workspace: 'demo', id: tick.id },
      { worker: 'wk-test', now: Date.now() + 1_000, op: 'claim' },
    );
    expect(claimed.claimed).toBe(true);
    const end = {
      status: 'failure' as const,
      completedAt: Date.now(),
      durationMs: 7,
      result: { at: 'inline' as const, text: '1' },
    };
    await api.jobs.finish({ workspace: 'demo', id: tick.id }, 1, end, 'finish');
    const listed = await dev.json('GET', '/w/demo/schedules/list_with_jobs?per_page=100');
    const shown = listed.find((schedule: { path: string }) => schedule.path === path);
    expect(shown.jobs).toEqual([{ id: tick.id, success: false, duration_ms: 7 }]);
  });
});

describe('preview', () => {
  test('tells the next ten ticks', async () => {
    const ticks = await dev.json('POST', '/schedules/preview', { schedule: '0 0 * * * *', timezone: 'Europe/Berlin' });
    expect(ticks).toHaveLength(10);
    const gaps = new Set(ticks.slice(1).map((tick: string, n: number) => Date.parse(tick) - Date.parse(ticks[n])));
    expect([...gaps]).toEqual([3_600_000]);
  });

  test('refuses what cannot be', async () => {
    const answer = await dev.call('POST', '/schedules/preview', { schedule: '0 0 0 30 2 *', timezone: 'UTC' });
    expect(answer).toMatchObject({ status: 400, text: expect.stringMatching(/schedule.*never comes/) });
  });
});

describe('the default handler', () => {
  const body = { handler_type: 'error', override_existing: false, path: 'script/f/team/handler', extra_args: { a: 1 } };

  test('is kept for admins, and refused where it would change what exists', async () => {
    const path = '/w/demo/schedules/setdefaulthandler';
    expect((await api.call('POST', path, { body })).status).toBe(200);
    expect(await dev.status('POST', path, body)).toBe(403);
    expect(await api.call('POST', path, { body: { ...body, override_existing: true } })).toMatchObject({
      status: 400,
      text: expect.stringContaining('override_existing'),
    });
  });
});
