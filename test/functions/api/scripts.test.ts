import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
});
afterAll(() => api.stop());

const script = (path: string, more: object = {}) => ({
  path,
  language: 'bash',
  content: 'echo 1',
  summary: '',
  ...more,
});
const create = (body: object, query = '') => api.call('POST', `/w/demo/scripts/create${query}`, { body });

describe('creating a script', () => {
  test('answers 201 with a hash of 16 hex digits as plain text', async () => {
    const created = await create(script('f/demo/first'));
    expect(created).toMatchObject({ status: 201, type: 'text/plain' });
    expect(created.text).toMatch(/^[0-9a-f]{16}$/);
  });

  test('the version is read back by path and by hash, with its schema as given', async () => {
    const schema = { type: 'object', properties: { b: { default: 1e21 }, a: {} } };
    const { text: hash } = await create(script('f/demo/read', { schema, summary: 'reads', lock: '' }));
    const byPath = await api.call('GET', '/w/demo/scripts/get/p/f/demo/read');
    const byHash = await api.call('GET', `/w/demo/scripts/get/h/${hash}`);
    expect(byPath).toMatchObject({ status: 200, type: 'application/json' });
    expect(byHash.text).toBe(byPath.text);
    expect(byPath.text).toContain(`"schema":${JSON.stringify(schema)}`);
    expect(JSON.parse(byPath.text)).toMatchObject({
      hash,
      content: 'echo 1',
      archived: false,
      parent_hashes: [],
      lock: '',
      ws_error_handler_muted: false,
    });
  });

  test('a path that is taken needs its head as parent_hash', async () => {
    const { text: first } = await create(script('f/demo/chain'));
    const conflict = await create(script('f/demo/chain', { content: 'echo 2' }));
    expect(conflict).toMatchObject({ status: 400, type: 'text/plain' });
    expect(conflict.text).toContain(`Path conflict for f/demo/chain with non-archived hash ${first}`);
    const second = await create(script('f/demo/chain', { content: 'echo 2', parent_hash: first }));
    expect(second.status).toBe(201);
    const stale = await create(script('f/demo/chain', { content: 'echo 3', parent_hash: first }));
    expect(stale.status).toBe(400);
    expect(stale.text).toContain('the lineage must be linear');
    const auto = await create(script('f/demo/chain', { content: 'echo 3', auto_parent: true }));
    expect(auto.status).toBe(201);
    const history = await api.json('GET', '/w/demo/scripts/history/p/f/demo/chain');
    expect(history.map((line: { script_hash: string }) => line.script_hash)).toEqual([auto.text, second.text, first]);
    expect((await api.json('GET', `/w/demo/scripts/get/h/${auto.text}`)).parent_hashes).toEqual([second.text, first]);
  });

  test('of two versions that follow the same parent at once, one is made', async () => {
    const { text: parent } = await create(script('f/demo/race'));
    const racers = await Promise.all(
      Array.from({ length: 5 }, (_, n) => create(script('f/demo/race', { content: `echo ${n}`, parent_hash: parent }))),
    );
    expect(racers.map((racer) => racer.status).sort()).toEqual([201, 400, 400, 400, 400]);
  });

  test('skip_if_noop answers the hash that is there when nothing would change', async () => {
    const body = script('f/demo/noop', { description: 'd', lock: '', schema: { type: 'object' } });
    const { text: first } = await create(body);
    const again = await create({ ...body, auto_parent: true, parent_hash: first }, '?skip_if_noop=true');
    expect(again).toMatchObject({ status: 201, text: first });
    const changed = await create({ ...body, content: 'echo 2', parent_hash: first }, '?skip_if_noop=true');
    expect(changed.text).not.toBe(first);
  });

  test.each([
    [
      'a language that Windmill knows',
      { language: 'go' },
      /language: go is not supported yet: use one of python3, bash, bun/,
    ],
    ['a language that nobody knows', { language: 'cobol' }, /language: must be one of python3, bash, bun/],
    ['a path outside folders and users', { path: 'demo/x' }, /path: must look like f\/folder\/name/],
    ['a path that climbs', { path: 'f/../x' }, /path: must look like/],
    ['no content', { content: undefined }, /content/],
  ])('refuses %s with a 400 that names the field', async (_, change, message) => {
    const refused = await create({ ...script('f/demo/bad'), ...change });
    expect(refused).toMatchObject({ status: 400, type: 'text/plain' });
    expect(refused.text).toMatch(message);
  });

  test('refuses a script over 300 KB with 413', async () => {
    const refused = await create(script('f/demo/large', { content: 'x'.repeat(310_000) }));
    expect(refused).toMatchObject({ status: 413 });
    expect(refused.text).toContain('content');
  });

  test('refuses a body that is not JSON', async () => {
    const refused = await api.call('POST', '/w/demo/scripts/create', { body: '{"path":' });
    expect(refused).toMatchObject({ status: 400, type: 'text/plain' });
    expect(refused.text).toContain('body is not JSON');
  });
});

describe('scripts that are archived or deleted', () => {
  test('an archived path does not exist, is in the list of archived ones, and may be made again', async () => {
    const { text: hash } = await create(script('f/demo/old'));
    expect(await api.call('POST', '/w/demo/scripts/archive/p/f/demo/old')).toMatchObject({ status: 200 });
    expect((await api.call('GET', '/w/demo/scripts/exists/p/f/demo/old')).text).toBe('false');
    expect(await api.json('GET', `/w/demo/scripts/get/h/${hash}`)).toMatchObject({ archived: true, content: 'echo 1' });
    const archived = await api.json('GET', '/w/demo/scripts/list?show_archived=true');
    expect(archived.map((head: { path: string }) => head.path)).toContain('f/demo/old');
    expect((await create(script('f/demo/old'))).status).toBe(201);
    expect((await api.call('GET', '/w/demo/scripts/exists/p/f/demo/old')).text).toBe('true');
  });

  test('a deleted path is gone with its versions', async () => {
    const { text: hash } = await create(script('f/demo/gone'));
    await api.call('POST', '/w/demo/scripts/delete/p/f/demo/gone');
    expect((await api.call('GET', '/w/demo/scripts/get/p/f/demo/gone')).status).toBe(404);
    expect((await api.call('GET', `/w/demo/scripts/get/h/${hash}`)).status).toBe(404);
  });

  test('a deleted version has no code any more', async () => {
    const { text: hash } = await create(script('f/demo/erased'));
    const deleted = await api.json('POST', `/w/demo/scripts/delete/h/${hash}`);
    expect(deleted).toMatchObject({ deleted: true, archived: true, content: '' });
    expect((await api.call('GET', `/w/demo/scripts/raw/h/${hash}`)).text).toBe('');
  });
});

describe('reading scripts', () => {
  test('raw code is text, with or without the file ending in its path', async () => {
    await create(script('f/demo/raw', { content: 'echo raw' }));
    const raw = await api.call('GET', '/w/demo/scripts/raw/p/f/demo/raw');
    expect(raw).toMatchObject({ status: 200, type: 'text/plain', text: 'echo raw' });
    expect((await api.call('GET', '/w/demo/scripts/raw/p/f/demo/raw.bun.ts')).text).toBe('echo raw');
  });

  test.each([
    ['/w/demo/scripts/get/p/f/demo/nothing', 'Not found: Script not found at name f/demo/nothing'],
    ['/w/demo/scripts/get/h/00000000000000ff', 'Not found: Script not found at hash 00000000000000ff'],
    ['/w/nowhere/scripts/list', 'Not found: workspace nowhere does not exist'],
  ])('%s is a 404 that names what is missing', async (path, text) => {
    expect(await api.call('GET', path)).toMatchObject({ status: 404, type: 'text/plain', text });
  });

  test('the list takes page=0 and empty values, as the CLI sends them', async () => {
    const listed = await api.json('GET', '/w/demo/scripts/list?page=0&per_page=2&show_archived=&include_draft_only=');
    expect(listed).toHaveLength(2);
    expect(listed[0]).not.toHaveProperty('content');
    const filtered = await api.json('GET', '/w/demo/scripts/list?path_start=f/demo/chain');
    expect(filtered.map((head: { path: string }) => head.path)).toEqual(['f/demo/chain']);
  });
});
