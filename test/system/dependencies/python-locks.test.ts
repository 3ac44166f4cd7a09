import { afterAll, beforeAll, expect, it } from 'vitest';
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

const status = (hash: string) => millrace.json('GET', `/w/demo/scripts/deployment_status/h/${hash}`);
const log = (id: string) => millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
const runByHash = async (hash: string) =>
  millrace.completed(await millrace.text('POST', `/w/demo/jobs/run/h/${hash}`, 201, {}));

it('a saved script gets its lock from a dependencies job and runs with just those packages', async () => {
  const code =
    'import tiny_b, tiny_c\ndef main():\n    import tiny_a\n    return [tiny_a.version, tiny_b.version, tiny_c.version]';
  const hash = await millrace.script('f/d/both', 'python3', code);
  const run = runByHash(hash);
  const { job_id } = await status(hash);
  const job = await millrace.completed(job_id);
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
