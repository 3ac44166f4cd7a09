import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { memberOfDemo } from './people.ts';

let millrace: Millrace;
let ann: Client;
let bob: Client;

const GIVEN = 'given/away+"never"';
const FETCHED = 'fetched-while-running\nand-a-second-line';

/** Says what it was given and what it fetches, in every way in which secrets get into logs. */
const TELLTALE = `
import base64, json, os, sys, time, urllib.parse, urllib.request

def main(given: str, end: str = ""):
    print("MARKER given", given)
    sys.stdout.write("in two " + given[:7]); sys.stdout.flush(); time.sleep(0.7)
    print(given[7:])
    time.sleep(0.7)
    url = os.environ["WM_BASE_URL"] + "/api/w/demo/variables/get_value/f/x/fetched"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["WM_TOKEN"]})
    fetched = json.load(urllib.request.urlopen(request))
    print("MARKER fetched", fetched, flush=True)
    for secret in (given, fetched):
        print(json.dumps({"secret": secret}), repr(secret), urllib.parse.quote(secret), file=sys.stderr)
        for before in ("", "x", "xy"):
            print(base64.b64encode((before + secret + "z").encode()).decode())
    print("MARKER token", os.environ["WM_TOKEN"])
    if end == "fail":
        raise ValueError("no good: " + fetched + given + os.environ["WM_TOKEN"])
    return "done"
`;

const run = (who: Client, args: object, path = 'f/x/telltale'): Promise<string> =>
  who.text('POST', `/w/demo/jobs/run/p/${path}`, 201, args);

const secretsIn = (text: string): string[] => {
  const forms = [GIVEN, ...FETCHED.split('\n')].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
  ]);
  const decoded = [...text.matchAll(/[\w+/-]{12,}/g)].map(([word]) => Buffer.from(word, 'base64').toString('latin1'));
  const tokens = text.match(/eyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/g) ?? [];
  return [...forms.filter((form) => [text, ...decoded].some((told) => told.includes(form))), ...tokens];
};

/** Everything that the tables and the bucket hold on disk, the write-ahead log included. */
const onDisk = async (): Promise<string> => {
  const files = await readdir(millrace.home, { recursive: true, withFileTypes: true });
  const kept = files.filter((file) => file.isFile() && /dynamodb|s3/.test(file.parentPath.slice(millrace.home.length)));
  const texts = await Promise.all(kept.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
  return texts.join('\n');
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
  await ann.text('POST', '/w/demo/folders/create', 200, { name: 'x', extra_perms: { 'u/bob': false } });
  const variable = (path: string, value: string, is_secret = true) =>
    ann.text('POST', '/w/demo/variables/create', 201, { path, value, is_secret, description: '' });
  await variable('f/x/given', GIVEN);
  await variable('f/x/fetched', FETCHED);
  await variable('u/ann/own', 'the own secret of ann');
  await variable('f/x/host', 'db.internal', false);
  await ann.text('POST', '/w/demo/resources/create', 201, {
    path: 'f/x/db',
    resource_type: 'db',
    value: { host: '$var:f/x/host', password: '$var:f/x/given' },
  });
  await ann.script('f/x/telltale', 'python3', TELLTALE);
  await ann.script('f/x/echo', 'python3', 'def main(**args):\n    return args\n');
}, 60_000);

afterAll(() => millrace.stop());

describe('a secret that a job was given, one that it fetched, and its own token', () => {
  test('stand in no log, whoever reads it and whenever, and nowhere on disk', async () => {
    const id = await run(ann, { given: '$var:f/x/given' });
    const events = ann.text('GET', `/w/demo/jobs_u/getupdate_sse/${id}`, 200);
    let seen = '';
    for (let offset = 0, over = false; !over; ) {
      const update = await ann.json('GET', `/w/demo/jobs_u/getupdate/${id}?running=true&log_offset=${offset}`);
      seen += update.new_logs ?? '';
      offset = update.log_offset;
      over = update.completed === true;
      if (!over) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const log = await ann.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    expect(log).toContain('MARKER token jwt*****');
    expect(log).toContain('MARKER given giv*****\nin two giv*****\n');
    expect(log).toContain('MARKER fetched fet*****');
    expect(log.endsWith('[millrace] secret values were masked in this log\n')).toBe(true);
    expect(log).toContain(seen);
    const job = await ann.text('GET', `/w/demo/jobs_u/get/${id}`, 200);
    expect(JSON.parse(job)).toMatchObject({ success: true, args: { given: '$var:f/x/given' } });
    for (const told of [log, seen, await events, job]) expect(secretsIn(told)).toEqual([]);
    const disk = await onDisk();
    expect(disk).toContain('MARKER given giv*****');
    expect(secretsIn(disk)).toEqual([]);
    expect(secretsIn(`${disk} ${Buffer.from(`xy${GIVEN}z`).toString('base64')}`)).toEqual([GIVEN]);
  }, 30_000);

  test('stand in no error of it', async () => {
    const id = await run(ann, { given: '$var:f/x/given', end: 'fail' });
    const job = await ann.completed(id);
    expect(job).toMatchObject({ success: false, result: { error: { name: 'ValueError' } } });
    expect(job.result.error.message).toMatch(/^no good: fet\*{5}/);
    expect(secretsIn(JSON.stringify(job))).toEqual([]);
    expect(secretsIn(await onDisk())).toEqual([]);
  }, 30_000);

  test('are masked as well when the caller waits for the result', async () => {
    const answer = await ann.request('POST', '/w/demo/jobs/run_wait_result/p/f/x/telltale', {
      given: '$var:f/x/given',
      end: 'fail',
    });
    expect(answer.status).toBe(422);
    expect(secretsIn(await answer.text())).toEqual([]);
  });
});

describe('references among arguments', () => {
  test('are resolved with the rights of the job, numbers untouched', async () => {
    const args = '{"n": 12345678901234567890, "db": "$res:f/x/db", "deep": {"list": ["$var:f/x/host"]}}';
    const id = await ann.text('POST', '/w/demo/jobs/run/p/f/x/echo', 201, args);
    await ann.completed(id);
    const result = await ann.text('GET', `/w/demo/jobs_u/completed/get_result/${id}`, 200);
    expect(result).toContain('12345678901234567890');
    expect(JSON.parse(result)).toMatchObject({
      db: { host: 'db.internal', password: GIVEN },
      deep: { list: ['db.internal'] },
    });
    const lines = await millrace.json('GET', '/w/demo/audit/list?operation=variables.decrypt_secret');
    expect(lines).toContainEqual(expect.objectContaining({ username: 'ann', resource: 'f/x/given' }));
  });

  test('that the job may not read fail it by their names, before any code runs', async () => {
    const id = await run(bob, { a: { b: ['$var:u/ann/own'] } }, 'f/x/echo');
    const job = await bob.completed(id);
    expect(job).toMatchObject({ success: false, result: { error: { name: 'NotRunnable' } } });
    expect(job.result.error.message).toMatch(/^Argument a\.b\[0\] \(\$var:u\/ann\/own\) cannot be resolved: .*u\/bob/);
  });
});

describe('a script that runs on behalf of somebody', () => {
  test('knows who launched it', async () => {
    await ann.script('f/x/behalf', 'bash', 'echo "$WM_USERNAME for $WM_END_USER_EMAIL"', {
      on_behalf_of_email: 'ann@x.io',
    });
    expect(await bob.json('POST', '/w/demo/jobs/run_wait_result/p/f/x/behalf', {})).toBe('ann for bob@x.io');
    expect(await ann.json('POST', '/w/demo/jobs/run_wait_result/p/f/x/behalf', {})).toBe('ann for ');
  });
});
