import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

const paths = async (query = ''): Promise<string[]> =>
  (await millrace.json('GET', `/w/demo/scripts/list?${query}`)).map(({ path }: { path: string }) => path);

describe('versions of a script', () => {
  it('follow each other by parent_hash; the history has the newest first', async () => {
    const first = await millrace.script('f/v/one', 'bash', 'echo 1', { deployment_message: 'begin' });
    const second = await millrace.script('f/v/one', 'bash', 'echo 2', { parent_hash: first });
    const history = await millrace.json('GET', '/w/demo/scripts/history/p/f/v/one');
    expect(history.map(({ script_hash }: { script_hash: string }) => script_hash)).toEqual([second, first]);
    expect(await millrace.json('GET', '/w/demo/scripts/get/p/f/v/one')).toMatchObject({
      hash: second,
      content: 'echo 2',
      parent_hashes: [first],
      archived: false,
    });
    expect(await millrace.json('GET', `/w/demo/scripts/get/h/${first}`)).toMatchObject({ content: 'echo 1' });
    expect(await millrace.text('GET', '/w/demo/scripts/raw/p/f/v/one', 200)).toBe('echo 2');
    expect(await millrace.json('GET', `/w/demo/scripts/deployment_status/h/${second}`)).toMatchObject({ lock: '' });
  });

  it('are refused on a parent that is not the newest, or when there is one and none is named', async () => {
    const first = await millrace.script('f/v/two', 'bash', 'echo 1');
    await millrace.script('f/v/two', 'bash', 'echo 2', { parent_hash: first });
    const body = { path: 'f/v/two', language: 'bash', content: 'echo 3', summary: '', description: '' };
    expect(await millrace.text('POST', '/w/demo/scripts/create', 400, body)).toContain('f/v/two');
    expect(await millrace.text('POST', '/w/demo/scripts/create', 400, { ...body, parent_hash: first })).toMatch(
      /lineage|parent/i,
    );
    expect(await millrace.text('GET', '/w/demo/scripts/raw/p/f/v/two', 200)).toBe('echo 2');
  });

  it('made at the same moment have one winner', async () => {
    const first = await millrace.script('f/v/race', 'bash', 'echo 0');
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        millrace.request('POST', '/w/demo/scripts/create', {
          path: 'f/v/race',
          language: 'bash',
          content: `echo ${n}`,
          summary: '',
          description: '',
          parent_hash: first,
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400]);
    expect(await millrace.json('GET', '/w/demo/scripts/history/p/f/v/race')).toHaveLength(2);
  });
});

describe('the list of scripts', () => {
  it('has the newest version of each, without those archived, narrowed by path', async () => {
    await millrace.script('f/l/a', 'bash', 'echo a', { summary: 'the first' });
    await millrace.script('f/l/b', 'python3', 'def main(): pass');
    await millrace.script('u/admin/c', 'bash', 'echo c');
    expect(new Set(await paths('path_start=f/l/'))).toEqual(new Set(['f/l/a', 'f/l/b']));
    expect(await paths('path_exact=u/admin/c')).toEqual(['u/admin/c']);
    expect(await paths('path_start=f/l/&languages=python3')).toEqual(['f/l/b']);
    expect(await paths('path_start=f/l/&per_page=1&page=2')).toHaveLength(1);
    expect(await millrace.json('GET', '/w/demo/scripts/exists/p/f/l/a')).toBe(true);
    expect(await millrace.json('GET', '/w/demo/scripts/exists/p/f/l/none')).toBe(false);
    expect(await millrace.json('GET', '/w/demo/scripts/list?path_exact=f/l/a')).toMatchObject([
      { summary: 'the first', language: 'bash', created_by: 'admin' },
    ]);
  });

  it('refuses paths that are none and names them', async () => {
    for (const path of ['demo', 'f/a', 'x/a/b', 'f/../b', 'f/a/b c', '/f/a/b', 'f/a/']) {
      const body = { path, language: 'bash', content: 'x', summary: '', description: '' };
      expect(await millrace.text('POST', '/w/demo/scripts/create', 400, body)).toMatch(/path/);
    }
  });
});

describe('an archived script', () => {
  it('is gone by path and still runs by hash; a new version brings it back', async () => {
    const hash = await millrace.script('f/a/old', 'bash', 'echo old');
    await millrace.text('POST', '/w/demo/scripts/archive/p/f/a/old', 200);
    expect(await millrace.json('GET', '/w/demo/scripts/exists/p/f/a/old')).toBe(false);
    expect(await paths('path_exact=f/a/old')).toEqual([]);
    expect(await paths('path_exact=f/a/old&show_archived=true')).toEqual(['f/a/old']);
    await millrace.text('POST', '/w/demo/jobs/run/p/f/a/old', 404, {});
    expect(await millrace.json('POST', `/w/demo/jobs/run_wait_result/h/${hash}`, {})).toBe('old');
    await millrace.script('f/a/old', 'bash', 'echo new', { parent_hash: hash });
    expect(await millrace.json('POST', '/w/demo/jobs/run_wait_result/p/f/a/old', {})).toBe('new');
  });
});

describe('a deleted script', () => {
  it('is gone by path and by hash, its jobs stay; its path is free again', async () => {
    const hash = await millrace.script('f/d/gone', 'bash', 'echo gone');
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/d/gone', 201, {});
    expect(await millrace.completed(id)).toMatchObject({ result: 'gone' });
    await millrace.text('POST', '/w/demo/scripts/delete/p/f/d/gone', 200);
    await millrace.text('GET', '/w/demo/scripts/get/p/f/d/gone', 404);
    await millrace.text('GET', `/w/demo/scripts/get/h/${hash}`, 404);
    await millrace.text('POST', '/w/demo/jobs/run/p/f/d/gone', 404, {});
    await millrace.text('POST', `/w/demo/jobs/run/h/${hash}`, 404, {});
    expect(await millrace.completed(id)).toMatchObject({ script_path: 'f/d/gone', result: 'gone' });
    await millrace.script('f/d/gone', 'bash', 'echo back');
    expect(await millrace.json('POST', '/w/demo/jobs/run_wait_result/p/f/d/gone', {})).toBe('back');
  });
});
