import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servePackages } from '../../support/package-index.ts';
import { Millrace } from '../millrace.ts';

let index: Awaited<ReturnType<typeof servePackages>>;
let millrace: Millrace;

beforeAll(async () => {
  index = await servePackages([
    { name: 'tiny-a', version: '1.0.0' },
    { name: 'tiny-a', version: '1.2.0' },
    { name: 'tiny-b', version: '2.0', requires: ['tiny-a<1.2'] },
    { name: 'tiny-c', version: '0.1' },
    { name: 'evil', version: '1.0', source: true, files: { 'evil.py': '', 'tiny_c.py': 'version = "evil"\n' } },
    { name: 'needs-new', version: '1.0', requires: ['tiny-a==1.2.0'] },
  ]);
  millrace = await Millrace.start();
  await millrace.workspace();
  const url = index.url.replace('//', '//reader:secret-of-the-index@');
  await millrace.text('POST', '/settings/global/pip_index_url', 200, { value: url });
}, 60_000);
afterAll(async () => {
  await millrace.stop();
  await index.close();
});

const ask = (hash: string) => millrace.json('GET', `/w/demo/scripts/deployment_status/h/${hash}`);
/** A lock is written just after its job has ended. */
const status = async (hash: string) => {
  const first = await ask(hash);
  const job =
    first.job_id === undefined
      ? undefined
      : await millrace.request('GET', `/w/demo/jobs_u/completed/get/${first.job_id}`);
  await job?.text();
  let told = first;
  for (
    let tries = 0;
    job?.status === 200 && told.lock === null && told.lock_error_logs === null && tries < 300;
    tries += 1
  ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    told = await ask(hash);
  }
  return told;
};
const log = (id: string) => millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
const runByHash = async (hash: string) =>
  millrace.completed(await millrace.text('POST', `/w/demo/jobs/run/h/${hash}`, 201, {}), 30_000);

it('a saved script gets its lock from a dependencies job and runs with just those packages', async () => {
  const code =
    'import tiny_b, tiny_c\ndef main():\n    import tiny_a\n    return [tiny_a.version, tiny_b.version, tiny_c.version]';
  const hash = await millrace.script('f/d/both', 'python3', code);
  const run = runByHash(hash);
  const { job_id } = await status(hash);
  const job = await millrace.completed(job_id, 30_000);
  expect(job).toMatchObject({ job_kind: 'dependencies', success: true, script_path: 'f/d/both', tag: 'dependency' });
  expect(job.parent_job).toBeUndefined();
  const { lock, lock_error_logs } = await status(hash);
  expect(lock.replace(/^# py: 3\.\d+\n/, '')).toBe('tiny-a==1.0.0\ntiny-b==2.0\ntiny-c==0.1');
  expect(lock_error_logs).toBeNull();
  expect((await run).result).toEqual(['1.0.0', '2.0', '0.1']);
  const listed = await millrace.json('GET', '/w/demo/jobs/list?job_kinds=dependencies');
  expect(listed.map(({ id }: { id: string }) => id)).toEqual([job_id]);
  const said = await log(job_id);
  expect(said).toMatch(/for Python 3\.\d+: tiny-b, tiny-c\n/);
  expect(said).toContain('tiny-a==1.0.0');
});

it('a newer version in the index changes nothing for a version that is saved', async () => {
  const hash = await millrace.script('f/d/old', 'python3', 'import tiny_c\ndef main():\n    return tiny_c.version');
  await millrace.completed((await status(hash)).job_id, 30_000);
  index.publish({ name: 'tiny-c', version: '0.2' });
  expect((await runByHash(hash)).result).toBe('0.1');
  const newer = await millrace.script('f/d/new', 'python3', 'import tiny_c\ndef main():\n    return tiny_c.version');
  expect((await runByHash(newer)).result).toBe('0.2');
  expect((await runByHash(hash)).result).toBe('0.1');
});

it('a package that no index has and requirements that do not fit are told in words of the resolver, and runs name the job', async () => {
  const missing = await millrace.script('f/d/missing', 'python3', 'import not_there\ndef main(): pass');
  const conflict = await millrace.script('f/d/conflict', 'python3', 'import tiny_b, needs_new\ndef main(): pass');
  for (const [hash, words] of [
    [missing, 'not-there was not found in the package registry'],
    [conflict, 'needs-new==1.0 depends on tiny-a==1.2.0'],
  ] as const) {
    const { job_id } = await status(hash);
    expect(await millrace.completed(job_id, 30_000)).toMatchObject({ success: false, job_kind: 'dependencies' });
    const { lock, lock_error_logs } = await status(hash);
    expect(lock).toBeNull();
    expect(lock_error_logs.replaceAll(/\s+/g, ' ')).toContain(words);
    expect((await log(job_id)).replaceAll(/\s+/g, ' ')).toContain(words);
    const run = await runByHash(hash);
    expect(run.success).toBe(false);
    expect(run.result.error.message).toContain(job_id);
  }
});

it('what cannot be read is told with its line', async () => {
  const bad = await millrace.script('f/d/bad', 'python3', '# requirements:\n# tiny-a @ file:///etc\ndef main(): pass');
  const other = await millrace.script('f/d/python', 'python3', '# py: ==3.2\ndef main(): pass');
  await millrace.completed((await status(bad)).job_id, 30_000);
  expect((await status(bad)).lock_error_logs).toContain('line 2: `tiny-a @ file:///etc` is a path or a URL');
  await millrace.completed((await status(other)).job_id, 30_000);
  expect((await status(other)).lock_error_logs).toContain('line 1: the script asks for Python ==3.2');
});

it('a script of the standard library alone has no job to wait for', async () => {
  const hash = await millrace.script('f/d/plain', 'python3', 'import json, os\ndef main(): return 1');
  expect(await status(hash)).toEqual({ lock: '', lock_error_logs: null });
});

it('a lock that its author gives is installed as it stands', async () => {
  const code = 'import tiny_a\ndef main():\n    return tiny_a.version';
  const hash = await millrace.script('f/d/given', 'python3', code, { lock: 'tiny-a==1.0.0' });
  expect(await status(hash)).toMatchObject({ lock: 'tiny-a==1.0.0', job_id: expect.any(String) });
  expect((await runByHash(hash)).result).toBe('1.0.0');
  const body = {
    path: 'f/d/wrong',
    language: 'python3',
    content: code,
    summary: '',
    description: '',
    lock: 'tiny-a>1',
  };
  expect(await millrace.text('POST', '/w/demo/scripts/create', 400, body)).toContain('lock, line 1: `tiny-a>1`');
});

it('the password of an index stands in no log', async () => {
  const code = 'import tiny_a, gc\ndef main():\n    print("secret-of-the-" + "index")';
  const hash = await millrace.script('f/d/secret', 'python3', code);
  const run = await runByHash(hash);
  expect(run.success).toBe(true);
  expect(await log(run.id)).not.toContain('secret-of-the-index');
});

it('what one script did to the packages of another is undone before that runs again', async () => {
  const honest = await millrace.script(
    'f/d/honest',
    'python3',
    'import tiny_a\ndef main():\n    return tiny_a.version',
  );
  expect((await runByHash(honest)).result).toBe('1.2.0');
  const evil = `import glob, os, tempfile
def main():
    found = glob.glob(os.path.dirname(os.getcwd()) + "/archives/*/tiny_a.py")
    for file in found:
        os.chmod(file, 0o644)
        with open(file, "w") as out: out.write("version = 'poisoned'")
    return len(found)`;
  const other = await millrace.script('f/d/evil', 'python3', evil);
  expect((await runByHash(other)).result).toBeGreaterThan(0);
  const again = await runByHash(honest);
  expect(again.result).toBe('1.2.0');
  expect(await log(again.id)).toContain('0 kept from before, 1 fetched');
});

it('code of a request has its packages chosen once in some minutes', async () => {
  const body = { language: 'python3', content: 'import tiny_c\ndef main():\n    return tiny_c.version', args: {} };
  const first = await millrace.json('POST', '/w/demo/jobs/run_wait_result/preview', body);
  index.publish({ name: 'tiny-c', version: '9.0' });
  const second = await millrace.json('POST', '/w/demo/jobs/run_wait_result/preview', {
    ...body,
    content: `${body.content}\n`,
  });
  expect(second).toBe(first);
});

it('a lock for code of a request is answered, or is the result of a job', async () => {
  const raw = (code: string, named: object) => ({
    raw_scripts: [{ raw_code: code, language: 'python3', ...named }],
    entrypoint: 'f/d/raw',
  });
  const route = '/w/demo/jobs/run/dependencies';
  const { lock } = await millrace.json('POST', route, raw('import tiny_b', { path: 'f/d/raw' }));
  expect(lock).toMatch(/^# py: 3\.\d+\ntiny-a==1\.0\.0\ntiny-b==2\.0$/);
  const id = await millrace.text('POST', `${route}_async`, 201, raw('import tiny_b', { script_path: 'f/d/raw' }));
  index.asked.length = 0;
  expect(await millrace.completed(id, 30_000)).toMatchObject({ job_kind: 'dependencies', result: { lock } });
  expect(index.asked).toEqual([]);
  expect(await millrace.text('POST', route, 400, raw('import not_there', {}))).toContain('not-there was not found');
  expect(await millrace.json('POST', route, { raw_scripts: [{ raw_code: 'echo', language: 'bash' }] })).toEqual({
    lock: '',
  });
});

it('scripts import each other, with the packages that they need together', async () => {
  await millrace.script('f/lib/deep', 'python3', 'import tiny_c\ndef version(): return tiny_c.version');
  await millrace.script(
    'f/lib/near',
    'python3',
    'from f.lib.deep import version\nfrom . import deep\nmark = deep.version() == version()',
  );
  const hash = await millrace.script(
    'f/lib/main',
    'python3',
    'from .near import mark\nimport tiny_c\ndef main():\n    return [mark, tiny_c.version]',
  );
  const run = await runByHash(hash);
  expect(run.result).toEqual([true, expect.any(String)]);
});

it('a script that changes has those that import it locked anew, in a circle too', async () => {
  const lib = await millrace.script('f/chain/lib', 'python3', 'def main(): pass');
  await millrace.script('f/chain/middle', 'python3', 'from f.chain import lib, top\ndef main(): pass');
  const top = await millrace.script('f/chain/top', 'python3', 'from . import middle\ndef main(): return 1');
  await runByHash(top);
  await millrace.script('f/chain/lib', 'python3', 'import tiny_a\ndef main(): pass', { parent_hash: lib });
  const history = await millrace.json('GET', '/w/demo/scripts/history/p/f/chain/top');
  expect(history[0].deployment_msg).toBe('its packages are chosen anew: f/chain/lib changed');
  const { script_hash } = history[0];
  await millrace.completed((await status(script_hash)).job_id, 30_000);
  expect((await status(script_hash)).lock).toContain('tiny-a==1.2.0');
  expect((await status(top)).lock).not.toContain('tiny-a');
});

describe('archives of packages', () => {
  const archives = (): { bucket: string; key: string }[] => {
    const index = new DatabaseSync(join(millrace.home, 's3/index.db'), { readOnly: true });
    const rows = index.prepare("SELECT bucket, key FROM objects WHERE key LIKE 'packages/%' ORDER BY key").all();
    index.close();
    return rows as { bucket: string; key: string }[];
  };
  const s3 = () => millrace.cloud.services.s3;
  const remove = ({ bucket, key }: { bucket: string; key: string }) =>
    s3().answer({
      service: 's3',
      method: 'DELETE',
      path: `/${bucket}/${key}`,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
    });
  /** Each version in environments of its own, so that its first run finds nothing unpacked. */
  const alone = async (path: string, code: string) => {
    const hash = await millrace.script(path, 'python3', code, { isolation: 'script' });
    const { job_id } = await status(hash);
    await millrace.completed(job_id, 30_000);
    return { hash, said: await log(job_id), ...(await status(hash)) };
  };
  const TWO = 'import tiny_b\ndef main():\n    import tiny_a\n    return tiny_a.version + tiny_b.version';

  it('are in the bucket once, and a fresh environment needs no index any more', async () => {
    const first = await alone('f/d/first', TWO);
    const before = archives();
    const second = await alone('f/d/second', TWO);
    expect(second.said).toContain('2 archives');
    expect(second.said).toContain('0 of them new');
    expect(archives()).toEqual(before);
    index.asked.length = 0;
    const run = await runByHash(first.hash);
    expect(run.result).toBe('1.0.02.0');
    expect(await log(run.id)).toMatch(/packages: 0 kept from before, 2 fetched \(\d+ bytes\) in \d+ ms/);
    expect(index.asked).toEqual([]);
  });

  it('that are lost are made anew from the same content, or the job tells why not, and the next one tries again', async () => {
    const { hash, lock } = await alone('f/d/third', TWO);
    const all = archives();
    for (const [at, one] of all.entries())
      await (at === 0 ? s3().putObject(one.bucket, one.key, Buffer.from('damaged'), {}) : remove(one));
    index.mood = { tamper: true };
    const failed = await runByHash(hash);
    expect(failed.result.error.message).toMatch(
      /were lost and could not be made anew; see the dependencies job \S+:.*Hash mismatch/s,
    );
    index.mood = {};
    const run = await runByHash(hash);
    expect(run.result).toBe('1.0.02.0');
    expect((await status(hash)).lock).toBe(lock);
    const listed = await millrace.json('GET', '/w/demo/jobs/list?job_kinds=dependencies&script_path_exact=f/d/third');
    expect(listed.map(({ success }: { success: boolean }) => success)).toEqual([true, false, true]);
  });

  it('are of the lock that made them: what a package that is built plants is seen by nobody else', async () => {
    const code = 'import tiny_c\ndef main():\n    return tiny_c.version';
    const evil = await alone('f/d/built', `import evil\n${code}`);
    expect((await runByHash(evil.hash)).result).toBe('evil');
    const good = await alone('f/d/good', code);
    expect((await runByHash(good.hash)).result).toMatch(/^\d/);
  });

  it('are put by dependencies jobs only', async () => {
    const code = `import os, urllib.request, urllib.error
def main():
    job = os.environ["WM_JOB_ID"]
    url = f"{os.environ['BASE_INTERNAL_URL']}/api/frames/demo/{job}/1/package_uploads"
    body = b'{"archives": [{"bytes": 3, "sha256": "' + b"0" * 64 + b'"}]}'
    headers = {"authorization": "Bearer " + os.environ["WM_TOKEN"], "content-type": "application/json"}
    try:
        return urllib.request.urlopen(urllib.request.Request(url, body, headers)).status
    except urllib.error.HTTPError as error:
        return error.code`;
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, {
      language: 'python3',
      content: code,
      args: {},
    });
    expect((await millrace.completed(id)).result).toBe(401);
    const { bucket, key } = archives()[0]!;
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await fetch(`${millrace.cloud.gatewayUrl}/${bucket}/${key}`, { method })).status).toBe(403);
  });
});
