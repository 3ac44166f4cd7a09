import { type Item, isOver } from './left-behind.ts';
import { pause, type Rig } from './rig.ts';

/** How a job of a life must have ended; its runs are lines that its script wrote. */
export type Ending = { id: string; status: string[]; result?: unknown; ran?: 'never' | 'at least once' };

/** One run of a life: `name` is its own, also as a concurrency key, an argument, or the name of a file. */
export type Run = { rig: Rig; name: string };

/** A kind of job life: what clients do for it, and how its jobs must end whatever is cut. */
export type Life = {
  name: string;
  deploy: (rig: Rig) => Promise<unknown>;
  /** Done before the calls of the life are counted. */
  before?: (run: Run) => Promise<unknown>;
  play: (run: Run) => Promise<Ending[]>;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const over = (job: Item): boolean => job.status !== 'queued' && job.status !== 'running';
const NOTE = 'file="$1"\necho "$WM_JOB_ID" >> "$file"\n';

const start = async ({ rig, name }: Run, path: string, more: { args?: object; query?: string; key?: string } = {}) => {
  const { args = {}, query = '', key = '' } = more;
  const body = { file: rig.file(name), ...args };
  const { status, text } = await rig.insist(`/w/demo/jobs/run/p/f/demo/${path}${query}`, body, `${name}${key}`);
  if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
  return text;
};
const cancel = async (rig: Rig, id: string): Promise<void> => {
  const { status, text } = await rig.insist(`/w/demo/jobs_u/queue/cancel/${id}`, { reason: 'enough' });
  if (status !== 200) throw new Error(`cancel: ${status} ${text}`);
};
const good = (id: string, result?: unknown): Ending => ({
  id,
  status: ['success'],
  ran: 'at least once',
  ...(result === undefined ? {} : { result }),
});

/** The script that most lives run. */
export const deployQueued = ({ millrace }: Rig): Promise<string> =>
  millrace.script('f/demo/queued', 'bash', `${NOTE}echo "$WM_JOB_ID"`);

const queued: Life = {
  name: 'queued',
  deploy: async () => undefined,
  play: async (run) => {
    const id = await start(run, 'queued');
    return [good(id, id)];
  },
};

const waitedFor: Life = {
  name: 'waited for',
  deploy: async () => undefined,
  play: async ({ rig, name }) => {
    const path = '/w/demo/jobs/run_wait_result/p/f/demo/queued';
    const { status, text } = await rig.insist(path, { file: rig.file(name) }, name);
    if (status !== 200) throw new Error(`waited for: ${status} ${text}`);
    const id: string = JSON.parse(text);
    return [good(id, id)];
  },
};

const future: Life = {
  name: 'future',
  deploy: async () => undefined,
  play: async (run) => {
    const id = await start(run, 'queued', { query: '?scheduled_in_secs=1200' });
    run.rig.millrace.cloud.clock.advance(1_150_000);
    await run.rig.quiet();
    await run.rig.step(55_000);
    return [good(id, id)];
  },
};

const canceledQueued: Life = {
  name: 'canceled queued',
  deploy: async () => undefined,
  play: async (run) => {
    const id = await start(run, 'queued', { query: '?scheduled_in_secs=1200' });
    await cancel(run.rig, id);
    run.rig.millrace.cloud.clock.advance(1_300_000);
    return [{ id, status: ['canceled'], ran: 'never' }];
  },
};

const canceledRunning: Life = {
  name: 'canceled running',
  deploy: ({ millrace }) => millrace.script('f/demo/hangs', 'bash', `${NOTE}sleep 20`),
  play: async (run) => {
    const id = await start(run, 'hangs');
    await run.rig.until(id, (job) => job.status === 'running');
    await cancel(run.rig, id);
    return [{ id, status: ['canceled'] }];
  },
};

const retried: Life = {
  name: 'retried',
  deploy: ({ millrace }) =>
    millrace.script('f/demo/retried', 'bash', `${NOTE}[ "$(wc -l < "$file")" -gt 1 ] || exit 3\necho done`, {
      retry: { constant: { attempts: 3, seconds: 5 } },
    }),
  play: async (run) => {
    const id = await start(run, 'retried');
    await run.rig.until(id, ({ waits, ...job }) => waits === 'retry' || over({ ...job, waits } as Item));
    run.rig.millrace.cloud.clock.advance(6_000);
    return [good(id, 'done')];
  },
};

const limited: Life = {
  name: 'limited',
  deploy: ({ millrace }) =>
    millrace.script('f/demo/limited', 'bash', `name="$2"\nseconds="$3"\n${NOTE}sleep "$seconds"\necho "$WM_JOB_ID"`, {
      concurrent_limit: 1,
      concurrency_key: 'k-$args[name]',
    }),
  play: async (run) => {
    const { rig, name } = run;
    const first = await start(run, 'limited', { args: { name, seconds: '1' }, key: ':1' });
    await rig.until(first, (job) => job.status === 'running' || over(job));
    const second = await start(run, 'limited', { args: { name, seconds: '0' }, key: ':2' });
    await rig.until(second, (job) => job.waits === 'concurrency_limit' || over(job));
    await rig.quiet();
    rig.millrace.cloud.clock.advance(5_000);
    return [good(first, first), good(second, second)];
  },
};

const debounced: Life = {
  name: 'debounced',
  deploy: ({ millrace }) =>
    millrace.script(
      'f/demo/debounced',
      'python3',
      'import os\ndef main(file, items: list):\n    open(file, "a").write(os.environ["WM_JOB_ID"] + "\\n")\n    return items',
      { debounce_delay_s: 60, debounce_key: 'k-$args[file]', debounce_args_to_accumulate: ['items'] },
    ),
  play: async (run) => {
    const first = await start(run, 'debounced', { args: { items: [1] }, key: ':1' });
    const second = await start(run, 'debounced', { args: { items: [2] }, key: ':2' });
    run.rig.millrace.cloud.clock.advance(61_000);
    return [{ id: first, status: ['skipped'], ran: 'never' }, good(second, [1, 2])];
  },
};

const cached: Life = {
  name: 'cached',
  deploy: ({ millrace }) => millrace.script('f/demo/cached', 'bash', `${NOTE}echo once`, { cache_ttl: 600 }),
  play: async (run) => {
    const first = await start(run, 'cached', { key: ':1' });
    await run.rig.until(first, over);
    await run.rig.quiet();
    const second = await start(run, 'cached', { key: ':2' });
    return [good(first, 'once'), { id: second, status: ['success'], result: 'once' }];
  },
};

const perpetual: Life = {
  name: 'perpetual',
  deploy: ({ millrace }) =>
    millrace.script('f/demo/perpetual', 'bash', `${NOTE}echo "$WM_JOB_ID"`, { restart_unless_cancelled: true }),
  play: async (run) => {
    const { rig } = run;
    const id = await start(run, 'perpetual');
    const next = (): Item | undefined =>
      rig.left.unfinished().find((job) => job.path === 'f/demo/perpetual' && job.id !== id);
    let child = '';
    // While it is being canceled a run may end, and another be its successor.
    do {
      while (next() === undefined) await pause(20);
      child = String(next()?.id);
      await cancel(rig, child);
      await rig.until(child, over);
    } while (rig.left.job(child)?.status !== 'canceled');
    await rig.until(id, isOver);
    return [good(id, id), { id: child, status: ['canceled'] }];
  },
};

const large: Life = {
  name: 'large',
  deploy: ({ millrace }) =>
    millrace.script(
      'f/demo/large',
      'python3',
      [
        'import os',
        'def main(file, pad):',
        '    open(file, "a").write(os.environ["WM_JOB_ID"] + "\\n")',
        '    for n in range(400): print(n, "x" * 100)',
        '    return pad',
      ].join('\n'),
    ),
  play: async (run) => {
    const pad = 'abcdefghij'.repeat(3_000);
    return [good(await start(run, 'large', { args: { pad } }))];
  },
};

/** Of a schedule whose tick ends: the next one waits, until it is switched off. */
const scheduled: Life = {
  name: 'scheduled',
  deploy: async () => undefined,
  play: async (run) => {
    const { rig, name } = run;
    const path = `f/demo/${name.replace('-', '_')}`;
    const schedule = {
      path,
      schedule: '0 0 * * * *',
      timezone: 'UTC',
      script_path: 'f/demo/queued',
      is_flow: false,
      args: { file: rig.file(name) },
      enabled: true,
    };
    const { status, text } = await rig.insist('/w/demo/schedules/create', schedule);
    // Cut after it was made, it is there when it is asked for again.
    if (status !== 201 && !text.includes('already exists')) throw new Error(`schedule: ${status} ${text}`);
    const tick = (): Item | undefined => rig.left.unfinished().find((job) => job.schedule_path === path);
    // What was cut before it made its tick is repaired by the reaper, in the 17th minute of the hour.
    if (tick() === undefined) {
      const intoHour = rig.millrace.cloud.clock.now() % HOUR_MS;
      await rig.step(((17 * MINUTE_MS + HOUR_MS - intoHour) % HOUR_MS) + 1_000);
    }
    const first = tick();
    if (first === undefined) throw new Error('the schedule has no tick');
    const goTo = (at: number) => rig.millrace.cloud.clock.advance(Math.max(0, at - rig.millrace.cloud.clock.now()));
    goTo(Number(first.scheduled_for) - MINUTE_MS);
    await rig.quiet();
    goTo(Number(first.scheduled_for) + 1_000);
    const id = String(first.id);
    // Switched off while the next tick is being made, that one would wait for its time, to be dropped: another life.
    await rig.until(id, isOver);
    await rig.insist(`/w/demo/schedules/setenabled/${path}`, { enabled: false });
    return [good(id, id)];
  },
};

/** Its worker dies before the script is started, whatever else is cut. */
const broughtBack: Life = {
  name: 'brought back',
  deploy: async () => undefined,
  before: async ({ rig }) =>
    rig.millrace.cloud.faults.add({ function: 'dispatch', service: 'lambda', nth: 1, action: { kind: 'kill-before' } }),
  play: async (run) => {
    const id = await start(run, 'queued');
    await run.rig.recover();
    return [good(id, id)];
  },
};

export const LIVES: Life[] = [
  queued,
  waitedFor,
  future,
  canceledQueued,
  canceledRunning,
  retried,
  limited,
  debounced,
  cached,
  perpetual,
  large,
  scheduled,
  broughtBack,
];
