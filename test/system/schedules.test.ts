import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Writes a line of each run, and fails when its file of failures says so. */
const WORK = `name="$1"
file="$2"
echo "$name $WM_SCHEDULED_FOR" >> "$file"
grep -qx "$name" "$file.failing" && exit 7
echo fine
`;
const HANDLER = `
def main(file: str, path: str = "", schedule_path: str = "", error: dict = {}, job_id: str = "", failed_times: int = 0,
         success_times: int = 0, success_result: str = "", is_flow: bool = True):
    with open(file, "a") as out:
        out.write(f"{path} {schedule_path} {error.get('name')} {failed_times} {success_times} {success_result} {is_flow} {job_id}\\n")
`;

let millrace: Millrace;
let runs: string;
let calls: string;
beforeAll(async () => {
  millrace = await Millrace.start();
  [runs, calls] = [join(millrace.shared, 'runs'), join(millrace.shared, 'calls')];
  for (const file of [runs, `${runs}.failing`, calls]) appendFileSync(file, '');
  await millrace.workspace();
  await millrace.script('f/demo/work', 'bash', WORK);
  await millrace.script('f/demo/handler', 'python3', HANDLER);
}, 60_000);
afterAll(() => millrace.stop());

const now = (): number => millrace.cloud.clock.now();
/** No message is being worked on: a clock that moves under a running job makes its worker look dead. */
const atRest = (): Promise<void> =>
  expect
    .poll(() => millrace.cloud.sqs.names().filter((name) => millrace.cloud.sqs.counts(name).inFlight > 0), {
      timeout: 10_000,
    })
    .toEqual([]);
const advanceTo = async (time: number): Promise<void> => {
  await atRest();
  millrace.cloud.clock.advance(Math.max(0, time - now()));
};
const body = (name: string, more: object = {}) => ({
  path: `f/demo/${name}`,
  script_path: 'f/demo/work',
  is_flow: false,
  enabled: true,
  schedule: '0 0 12 * * *',
  timezone: 'UTC',
  args: { name, file: runs },
  ...more,
});
const create = (name: string, more: object = {}): Promise<string> =>
  millrace.text('POST', '/w/demo/schedules/create', 201, body(name, more));
const off = (name: string): Promise<string> =>
  millrace.text('POST', `/w/demo/schedules/setenabled/f/demo/${name}`, 200, { enabled: false });
/** Times of a schedule's runs, as the runs saw them. */
const runsOf = (name: string): string[] =>
  readFileSync(runs, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${name} `))
    .map((line) => line.slice(name.length + 1));
// biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
const waiting = async (name: string): Promise<any[]> =>
  (await millrace.json('GET', `/w/demo/jobs/queue/list?schedule_path=f/demo/${name}`)).filter(
    (job: { type: string }) => job.type === 'QueuedJob',
  );
/** The one tick that waits, once it is another than `before`. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const nextTick = async (name: string, before?: string): Promise<any> => {
  let found: { id: string }[] = [];
  await expect
    .poll(
      async () => {
        found = await waiting(name);
        return found.length === 1 && found[0]?.id !== before;
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  return found[0];
};
/** Waits until the message of a tick is on its way, too: a job is there a moment before it. */
const isOnItsWay = async (tick: { id: string; scheduled_for: string }): Promise<void> => {
  if (Date.parse(tick.scheduled_for) - now() < 16 * MINUTE_MS) return;
  const named = async (): Promise<string> => {
    const { body: answer } = await millrace.cloud.scheduler.answer({
      service: 'scheduler',
      method: 'GET',
      path: '/schedules',
      query: new URLSearchParams({ NamePrefix: tick.id }),
      headers: {},
      body: Buffer.alloc(0),
    });
    return String(answer);
  };
  await expect.poll(named, { timeout: 5_000 }).toContain(tick.id);
};
/** Lets the time of the waiting tick come; answers its job when it has ended, and the tick after it. */
const runTick = async (name: string, tick: { id: string; scheduled_for: string }) => {
  await isOnItsWay(tick);
  await advanceTo(Date.parse(tick.scheduled_for));
  const job = await millrace.completed(tick.id, 20_000);
  return { job, next: await nextTick(name, tick.id) };
};

describe('an enabled schedule', () => {
  it('runs at its ticks, each once and with one future job always, and makes up for nothing that was missed', async () => {
    await create('daily');
    const first = await nextTick('daily');
    const { job, next } = await runTick('daily', first);
    expect(job).toMatchObject({
      success: true,
      created_by: 'schedule-f-demo-daily',
      permissioned_as: 'u/admin',
      schedule_path: 'f/demo/daily',
      trigger_kind: 'schedule',
      args: { name: 'daily' },
    });
    const late = Date.parse(job.started_at) - Date.parse(first.scheduled_for);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2_000);
    expect(Date.parse(next.scheduled_for) - Date.parse(first.scheduled_for)).toBe(DAY_MS);
    // Three days pass at once: the tick that waited runs late, and then the next one to come is in the future.
    await advanceTo(Date.parse(next.scheduled_for) + 3 * DAY_MS);
    await millrace.completed(next.id, 20_000);
    const after = await nextTick('daily', next.id);
    expect(Date.parse(after.scheduled_for)).toBeGreaterThan(now());
    expect(runsOf('daily')).toHaveLength(2);
    await off('daily');
  }, 60_000);

  it('runs every few seconds without ever overlapping itself', async () => {
    await create('often', { schedule: '* * * * * *' });
    await expect.poll(() => runsOf('often').length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await off('often');
    expect(new Set(runsOf('often')).size).toBe(runsOf('often').length);
  }, 40_000);

  it('runs the newest version of its script', async () => {
    const version = (text: string, more: object = {}) =>
      millrace.script('f/demo/changing', 'bash', `echo ${text}`, more);
    const parent_hash = await version('old');
    await create('newest', { script_path: 'f/demo/changing' });
    const tick = await nextTick('newest');
    const hash = await version('new', { parent_hash });
    const { job } = await runTick('newest', tick);
    expect(job).toMatchObject({ result: 'new', script_hash: hash });
    await off('newest');
  }, 40_000);

  it('is tried again as its retry says when it fails, and ticks on when that is over', async () => {
    writeFileSync(`${runs}.failing`, 'again\n');
    await create('again', { retry: { constant: { attempts: 1, seconds: 1 } } });
    const { job } = await runTick('again', await nextTick('again'));
    expect(job).toMatchObject({ success: false });
    expect(runsOf('again')).toHaveLength(2);
    writeFileSync(`${runs}.failing`, '');
    await off('again');
  }, 40_000);

  it('can be run before its time, and still runs at it', async () => {
    await create('early');
    const tick = await nextTick('early');
    await millrace.text('POST', `/w/demo/jobs/queue/run_now/${tick.id}`, 200);
    await millrace.completed(tick.id, 20_000);
    const again = await nextTick('early', tick.id);
    expect(again.scheduled_for).toBe(tick.scheduled_for);
    await runTick('early', again);
    expect(runsOf('early')).toHaveLength(2);
    await off('early');
  }, 40_000);

  it('whose script is gone switches itself off and says why', async () => {
    await millrace.script('f/demo/vanishing', 'bash', 'echo here');
    await create('orphan', { script_path: 'f/demo/vanishing' });
    const tick = await nextTick('orphan');
    await millrace.text('POST', '/w/demo/scripts/archive/p/f/demo/vanishing', 200);
    await advanceTo(Date.parse(tick.scheduled_for));
    await millrace.completed(tick.id, 20_000);
    await expect
      .poll(() => millrace.json('GET', '/w/demo/schedules/get/f/demo/orphan'))
      .toMatchObject({ enabled: false, error: expect.stringContaining('f/demo/vanishing') });
    expect(await waiting('orphan')).toEqual([]);
  }, 40_000);

  it('that lost its future job is given it by the reaper', async () => {
    await create('lost');
    const tick = await nextTick('lost');
    await millrace.cloud.services.dynamodb.answer({
      service: 'dynamodb',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': 'DynamoDB_20120810.DeleteItem' },
      body: Buffer.from(
        JSON.stringify({ TableName: await jobsTable(), Key: { pk: { S: `demo#${tick.id}` }, sk: { S: 'job' } } }),
      ),
    });
    expect(await waiting('lost')).toEqual([]);
    const minute = Math.floor(now() / MINUTE_MS);
    await advanceTo((minute + ((17 - (minute % 60) + 60) % 60)) * MINUTE_MS);
    await millrace.cloud.tick('reaper');
    expect(await waiting('lost')).toMatchObject([{ id: tick.id, scheduled_for: tick.scheduled_for }]);
    await off('lost');
  }, 40_000);
});

const jobsTable = async (): Promise<string> => {
  const { body: answer } = await millrace.cloud.services.dynamodb.answer({
    service: 'dynamodb',
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListStreams' },
    body: Buffer.from('{}'),
  });
  const table = /"TableName":"([^"]*Jobs[^"]*)"/.exec(String(answer))?.[1];
  if (table === undefined) throw new Error(`no table of jobs: ${String(answer)}`);
  return table;
};

describe('a schedule that was changed', () => {
  it('never runs an old tick: not after an edit, nor switched off, nor deleted', async () => {
    await create('edited');
    const old = await nextTick('edited');
    await millrace.text(
      'POST',
      '/w/demo/schedules/update/f/demo/edited',
      200,
      body('edited', { schedule: '0 0 13 * * *' }),
    );
    const tick = await nextTick('edited', old.id);
    expect(tick.scheduled_for).toMatch(/T13:00:00\.000Z$/);
    await create('off');
    await off('off');
    await create('deleted');
    await millrace.text('DELETE', '/w/demo/schedules/delete/f/demo/deleted', 200);
    await runTick('edited', tick);
    expect(runsOf('edited')).toEqual([tick.scheduled_for.replace('.000Z', 'Z')]);
    expect([...runsOf('off'), ...runsOf('deleted')]).toEqual([]);
    await off('edited');
  }, 40_000);

  it('does not tick while it is paused', async () => {
    const until = now() + 10 * DAY_MS;
    await create('paused', { paused_until: new Date(until).toISOString() });
    const tick = await nextTick('paused');
    expect(Date.parse(tick.scheduled_for)).toBeGreaterThanOrEqual(until);
    expect(Date.parse(tick.scheduled_for)).toBeLessThan(until + DAY_MS);
    await off('paused');
  });

  it('does not run as somebody who lost his rights meanwhile', async () => {
    await millrace.text('POST', '/users/create', 201, { email: 'gone@x.io', password: 'long enough' });
    await millrace.text('POST', '/w/demo/workspaces/add_user', 201, { email: 'gone@x.io', is_admin: true });
    // Who is in the workspace is remembered for a second.
    await advanceTo(now() + 2_000);
    await create('gone', { permissioned_as: 'u/gone', preserve_permissioned_as: true });
    const tick = await nextTick('gone');
    await millrace.text('DELETE', '/w/demo/users/delete/gone', 200);
    const { job } = await runTick('gone', tick);
    expect(job.success).toBe(false);
    expect(job.result.error.message).toMatch(/u\/gone is not in workspace demo any more/);
    expect(runsOf('gone')).toEqual([]);
    await off('gone');
  }, 40_000);
});

describe('handlers', () => {
  const called = (): string[] => readFileSync(calls, 'utf8').split('\n').filter(Boolean);

  it('run after failures, a recovery and successes, with what is known of the run', async () => {
    const extra = { file: calls };
    await create('watched', {
      on_failure: 'script/f/demo/handler',
      on_failure_times: 2,
      on_failure_extra_args: extra,
      on_recovery: 'f/demo/handler',
      on_recovery_extra_args: extra,
    });
    appendFileSync(`${runs}.failing`, 'watched\n');
    const one = await runTick('watched', await nextTick('watched'));
    expect(one.job).toMatchObject({ success: false });
    const two = await runTick('watched', one.next);
    const about = 'f/demo/work f/demo/watched';
    await expect
      .poll(called, { timeout: 10_000 })
      .toEqual([expect.stringMatching(`^${about} \\S+ 2 0  False ${two.job.id}$`)]);
    writeFileSync(`${runs}.failing`, '');
    const three = await runTick('watched', two.next);
    expect(three.job).toMatchObject({ success: true });
    await expect
      .poll(() => called().slice(1), { timeout: 10_000 })
      .toEqual([expect.stringMatching(`^${about} \\S+ 0 1 fine False ${three.job.id}$`)]);
    const four = await runTick('watched', three.next);
    expect(four.job).toMatchObject({ success: true });
    const list = await millrace.json('GET', '/w/demo/jobs/list?script_path_exact=f/demo/handler');
    expect(list).toMatchObject([
      { created_by: 'schedule_recovery_handler', permissioned_as: 'u/admin', parent_job: three.job.id, success: true },
      { created_by: 'error_handler', permissioned_as: 'u/admin', parent_job: two.job.id, success: true },
    ]);
    expect(called()).toHaveLength(2);
    await off('watched');
  }, 60_000);
});

describe('the days of a clock change', () => {
  it('have one tick each, at the end of the gap and in the first of two equal hours', async () => {
    // The zone whose next change comes first decides which of both is met.
    const ticks: string[] = await millrace.json('POST', '/schedules/preview', {
      schedule: '0 30 2 * * *',
      timezone: 'Europe/Berlin',
    });
    await create('berlin', { schedule: '0 30 2 * * *', timezone: 'Europe/Berlin' });
    const seen: string[] = [];
    let tick = await nextTick('berlin');
    for (let day = 0; day < 2; day += 1) {
      seen.push(tick.scheduled_for);
      tick = (await runTick('berlin', tick)).next;
    }
    expect(ticks.slice(0, 1)).toEqual(seen.slice(0, 1));
    const gap = '2027-03-28T01:00:00.000Z';
    await advanceTo(Date.parse('2027-03-28T00:45:00Z'));
    await millrace.completed(tick.id, 20_000);
    tick = await nextTick('berlin', tick.id);
    expect(tick.scheduled_for).toBe(gap);
    const { job, next } = await runTick('berlin', tick);
    expect(job.success).toBe(true);
    expect(next.scheduled_for).toBe('2027-03-29T00:30:00.000Z');
    await advanceTo(Date.parse('2027-10-31T00:15:00Z'));
    await millrace.completed(next.id, 20_000);
    tick = await nextTick('berlin', next.id);
    expect(tick.scheduled_for).toBe('2027-10-31T00:30:00.000Z');
    expect((await runTick('berlin', tick)).next.scheduled_for).toBe('2027-11-01T01:30:00.000Z');
    await off('berlin');
  }, 60_000);
});
