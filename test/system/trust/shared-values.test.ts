import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { memberOfDemo } from './people.ts';

/** Asks the API, as the job itself, for a value; prints it and answers it. */
const ASK = `
import os, json, urllib.request, urllib.error
def get(path):
    request = urllib.request.Request(os.environ["BASE_INTERNAL_URL"] + "/api/w/demo/" + path)
    request.add_header("Authorization", "Bearer " + os.environ["WM_TOKEN"])
    try:
        return json.loads(urllib.request.urlopen(request).read())
    except urllib.error.HTTPError as error:
        return error.code
def main(what: str):
    told = get(what)
    print("told", json.dumps(told), flush=True)
    return told
`;
const ENVIRONMENT = `
import os
def main():
    return sorted(name for name in os.environ if name.startswith("WM_"))
`;

let millrace: Millrace;
let ann: Client;
let bob: Client;

const ask = (who: Client, what: string) => who.json('POST', '/w/demo/jobs/run_wait_result/p/f/shared/ask', { what });
const variable = (who: Client, path: string, value: string) =>
  who.text('POST', '/w/demo/variables/create', 201, { path, value, is_secret: true, description: '' });

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
  await ann.text('POST', '/w/demo/folders/create', 200, { name: 'shared', extra_perms: { 'g/all': false } });
  await ann.script('f/shared/ask', 'python3', ASK);
  await ann.script('f/shared/environment', 'python3', ENVIRONMENT);
  await variable(ann, 'u/ann/key', 'the secret of ann');
  await variable(bob, 'u/bob/key', 'the secret of bob');
  const resource = { path: 'f/shared/db', value: { key: '$var:u/bob/key' }, resource_type: 'postgresql' };
  await ann.text('POST', '/w/demo/resources/create', 201, resource);
}, 60_000);

afterAll(() => millrace.stop());

test('the same script reads for each who runs it what he may read, and is refused what he may not', async () => {
  expect(await ask(ann, 'variables/get_value/u/ann/key')).toBe('the secret of ann');
  expect(await ask(bob, 'variables/get_value/u/bob/key')).toBe('the secret of bob');
  expect(await ask(bob, 'variables/get_value/u/ann/key')).toBe(403);
  expect(await ask(bob, 'variables/get/u/ann/key')).toBe(403);
  expect(await ask(bob, 'variables/get_value/u/ann/none')).toBe(404);
});

test('a shared resource gives the secret it refers to only to whom the secret is open', async () => {
  expect(await ask(bob, 'resources/get_value_interpolated/f/shared/db')).toEqual({ key: 'the secret of bob' });
  expect(await ask(ann, 'resources/get_value_interpolated/f/shared/db')).toBe(403);
  expect(await ask(ann, 'resources/get_value/f/shared/db')).toEqual({ key: '$var:u/bob/key' });
});

test('a secret that a job fetched is not in its log, and the audit log names the job', async () => {
  const what = 'resources/get_value_interpolated/f/shared/db';
  for (const asked of [what, 'variables/get_value/u/bob/key', 'variables/get/u/bob/key']) {
    const id = await bob.text('POST', '/w/demo/jobs/run/p/f/shared/ask', 201, { what: asked });
    expect((await bob.completed(id)).success).toBe(true);
    const log = await bob.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    expect(log).toContain('told');
    expect(log).not.toContain('the secret of bob');
    const [line] = await bob.json('GET', '/w/demo/audit/list?operation=variables.decrypt_secret&per_page=1');
    expect(line).toMatchObject({ username: 'bob', resource: 'u/bob/key' });
    expect(JSON.stringify(line)).toContain(id);
  }
  expect(millrace.reports.join('\n')).not.toContain('the secret of');
});

test('the list of contextual variables is what every job finds in its environment', async () => {
  const found = await bob.json('POST', '/w/demo/jobs/run_wait_result/p/f/shared/environment', {});
  const listed = await bob.json('GET', '/w/demo/variables/list_contextual');
  expect(listed.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(found));
  expect(listed).toHaveLength(found.length);
});
