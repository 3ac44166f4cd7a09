import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allContracts } from '../../../shared/contracts/all.ts';
import { Client } from '../../system/client.ts';
import { Millrace } from '../../system/millrace.ts';
import { memberOfDemo } from '../../system/trust/people.ts';
import { attack, outcome, tokenOfRunningJob } from './attacker.ts';

/*
 * What a script can do with the tokens that it holds, and with names it makes up. Scopes, operators and groups are played in
 * test/system/trust, and every route with every kind of token in its routes.test.ts.
 */
let millrace: Millrace;
let ann: Client;
let bob: Client;

const status = async (who: Client, method: string, path: string, body?: unknown): Promise<number> => {
  const response = await who.request(method, path, body);
  await response.text();
  return response.status;
};
const NOBODY = '0196a5f0-0000-7000-8000-000000000000';

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  await millrace.workspace('other');
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
}, 60_000);

afterAll(() => millrace.stop());

describe('the token of a job', () => {
  test('is good in its own workspace only, and neither for accounts nor for the channel of runners', async () => {
    const [mine, his] = await Promise.all([tokenOfRunningJob(ann), tokenOfRunningJob(bob)]);
    const job = new Client(millrace.url, mine.token);
    expect(await status(job, 'GET', '/w/demo/scripts/list')).toBe(200);
    expect(await status(job, 'GET', '/w/other/scripts/list')).toBe(403);
    expect(await status(job, 'POST', '/w/other/jobs/run/preview', { language: 'bash', content: 'id' })).toBe(403);
    expect(await status(job, 'POST', '/users/tokens/create', {})).toBe(403);
    for (const id of [mine.id, his.id]) expect(await status(job, 'GET', `/frames/demo/${id}/1/control`)).toBe(401);
    // a job of ann has no more power over bob's than ann has
    expect(await status(job, 'POST', `/w/demo/jobs_u/queue/cancel/${his.id}`, {})).toBe(
      await status(ann, 'POST', `/w/demo/jobs_u/queue/cancel/${his.id}`, {}),
    );
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${mine.id}`, 200, {});
    await outcome(ann, mine.id);
    expect(await status(job, 'GET', '/w/demo/scripts/list')).toBe(401);
  });

  test('is dead when the job has ended', async () => {
    const { result } = await attack(ann, 'python3', 'import os\ndef main(): return os.environ["WM_TOKEN"][::-1]');
    const late = new Client(millrace.url, [...String(result)].reverse().join(''));
    expect(await status(late, 'GET', '/w/demo/scripts/list')).toBe(401);
    expect(await status(late, 'GET', `/frames/demo/${NOBODY}/1/control`)).toBe(401);
  });

  test('cannot be forged into another', async () => {
    const code = `
import os
def main():
    forged = os.environ["WM_TOKEN"].split(".")
    return [".".join([head, forged[1], tail])[::-1] for head, tail in (("eyJhbGciOiJub25lIn0", ""), (forged[0], forged[2][:-4] + "AAAA"))]`;
    const { result } = await attack(ann, 'python3', code);
    const { id } = await tokenOfRunningJob(bob);
    for (const text of result as string[]) {
      const forged = new Client(millrace.url, [...text].reverse().join(''));
      expect(await status(forged, 'GET', '/w/demo/scripts/list')).toBe(401);
      expect(await status(forged, 'GET', `/frames/demo/${id}/1/control`)).toBe(401);
    }
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, {});
  });
});

describe('a name', () => {
  const PATHS = [
    'f/../../etc/passwd',
    '../x',
    'f/a/../../b',
    '/etc/passwd',
    'f/a/\0x',
    'f/a/x#y',
    'f/a\\b/c',
    'u/ann/..',
  ];

  test('of a script never leads out of its folder', async () => {
    for (const path of PATHS) {
      const body = { path, language: 'bash', content: 'id', summary: '', description: '' };
      expect([path, await status(ann, 'POST', '/w/demo/scripts/create', body)]).toEqual([path, 400]);
      const asked = `/w/demo/scripts/raw/p/${encodeURIComponent(path)}`;
      expect([path, (await status(ann, 'GET', asked)) >= 400]).toEqual([path, true]);
    }
  });

  test('of a job is a UUID, and of a workspace has no separators', async () => {
    for (const id of ['..', '../../x', 'demo#x', '%2e%2e%2f', `${NOBODY}/../..`, `${NOBODY}%00`]) {
      const asked = `/w/demo/jobs_u/get/${encodeURIComponent(id)}`;
      expect([id, [400, 404].includes(await status(ann, 'GET', asked))]).toEqual([id, true]);
      expect([
        id,
        await status(ann, 'POST', `/w/demo/jobs/run/preview?job_id=${encodeURIComponent(id)}`, {
          language: 'bash',
          content: 'id',
        }),
      ]).toEqual([id, 400]);
    }
    for (const id of ['a#b', 'a/b', '../a', 'a b', '']) {
      expect([id, await status(millrace, 'POST', '/workspaces/create', { id, name: 'x' })]).toEqual([id, 400]);
    }
  });

  test('is no file: no route takes the name of one, and none takes a URL to fetch', () => {
    const names = allContracts.flatMap(({ id, path }) => (/file|url|import|fetch|proxy/i.test(path) ? [id] : []));
    // a table of file endings
    expect(names).toEqual(['fileResourceTypeToFileExtMap']);
  });
});
