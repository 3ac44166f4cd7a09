import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assemblyOf } from './assembly.ts';
import { Millrace } from './millrace.ts';

/*
 * What a runner does for a script, the same on both lanes. All jobs of a table are started at once, because a test takes
 * its time from the machine and not from waiting.
 */
const LANES = ['lambda', 'fargate'] as const;
type Lane = (typeof LANES)[number];
/** A tag on the lane; on Lambda the language's own. */
const tagOf = (lane: Lane): { tag?: string } => (lane === 'fargate' ? { tag: 'task' } : {});

let assembly: Awaited<ReturnType<typeof assemblyOf>>;
let millrace: Millrace;
beforeAll(async () => {
  assembly = await assemblyOf({
    workerGroups: [
      { name: 'default', tags: ['python3', 'bash', 'bun'] },
      { name: 'long', tags: ['task'], lane: 'fargate', timeLimitSeconds: 86_400 },
    ],
  });
  millrace = await Millrace.start({ assemblyDir: assembly.dir });
  await millrace.workspace();
}, 90_000);
afterAll(async () => {
  await millrace.stop();
  await assembly.remove();
});

const PATIENTLY = 45_000;
const preview = (lane: Lane, language: string, content: string, query = '', args: object = {}): Promise<string> =>
  millrace.text('POST', `/w/demo/jobs/run/preview${query}`, 201, { language, content, args, ...tagOf(lane) });
const logOf = (id: string): Promise<string> =>
  millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`, 200);
/** Waits for a condition, patiently. */
const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (let looks = 0; looks < 600; looks += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come about within 30 s');
};
const logged = (id: string, text: string): Promise<string> =>
  until(async () => {
    const log = await logOf(id);
    return log.includes(text) ? log : undefined;
  });

const LINES = 40_000;
const LARGE_LOG = `def main():\n    for at in range(${LINES}):\n        print("%015d" % at)\n    return "went on"`;
const LARGE_LOG_HASH = createHash('sha256')
  .update(Array.from({ length: LINES }, (_, at) => `${String(at).padStart(15, '0')}\n`).join(''))
  .digest('hex');
const SPEAKS = 'import time\ndef main():\n    print("up", flush=True)\n    time.sleep(60)';

type Case = { what: string; language: string; content: string; query?: string; args?: object; ends: object };
const CASES: Case[] = [
  {
    what: 'answers its result',
    language: 'python3',
    content: 'def main(x): return {"x": x, "n": [1.5, None]}',
    args: { x: 'ü' },
    ends: { success: true, result: { x: 'ü', n: [1.5, null] } },
  },
  {
    what: 'raises',
    language: 'python3',
    content: 'def main():\n    raise ValueError("no")',
    ends: { success: false, result: { error: { name: 'ValueError', message: 'no' } } },
  },
  {
    what: 'has a syntax error',
    language: 'python3',
    content: 'def main(:\n  pass',
    ends: { success: false, result: { error: { name: 'SyntaxError' } } },
  },
  {
    what: 'has no main',
    language: 'python3',
    content: 'x = 1',
    ends: { success: false, result: { error: { message: expect.stringMatching(/main/) } } },
  },
  {
    what: 'exits by a signal',
    language: 'bash',
    content: 'kill -SEGV $$',
    ends: { success: false, result: { error: { message: expect.stringMatching(/SIGSEGV/) } } },
  },
  {
    what: 'exits with a code',
    language: 'bash',
    content: 'echo oops; exit 3',
    ends: { success: false, result: { error: { exit_code: 3, message: expect.stringMatching(/exit code 3/) } } },
  },
  {
    what: 'throws in TypeScript',
    language: 'bun',
    content: 'export function main() { throw new TypeError("bad") }',
    ends: { success: false, result: { error: { name: 'TypeError', message: 'bad' } } },
  },
  {
    what: 'runs over its time',
    language: 'bash',
    content: 'sleep 30',
    query: '?timeout=1',
    ends: { success: false, canceled_by: 'timeout' },
  },
  {
    what: 'says more than a page of log',
    language: 'python3',
    content: LARGE_LOG,
    ends: { success: true, result: 'went on' },
  },
  {
    what: 'has a result that goes to storage by itself',
    language: 'python3',
    content: 'def main(): return "x" * 11_000_000',
    ends: { success: true, result: 'WINDMILL_TOO_BIG' },
  },
  {
    what: 'streams',
    language: 'python3',
    content: 'def main():\n    yield "one "\n    yield "two"',
    ends: { success: true, result: 'one two' },
  },
  {
    what: 'leaves a process behind',
    language: 'bash',
    content: 'sleep 600 & echo done',
    ends: { success: true, result: 'done' },
  },
];

describe('a script that', () => {
  const started = new Map<string, Promise<string>>();
  beforeAll(() => {
    for (const lane of LANES)
      for (const { what, language, content, query, args } of CASES)
        started.set(`${lane} ${what}`, preview(lane, language, content, query, args));
  });

  describe.each(LANES)('on %s', (lane) => {
    it.each(CASES)('$what', { timeout: PATIENTLY }, async ({ what, ends }) => {
      const id = (await started.get(`${lane} ${what}`)) ?? '';
      const job = await millrace.completed(id, PATIENTLY);
      expect(job).toMatchObject(ends);
      expect(job.worker).toMatch(lane === 'fargate' ? /^wk-long-task-/ : /^wk-default-[0-9a-f]{8}$/);
    });

    it('says much is read back to the byte', async () => {
      const log = await logOf((await started.get(`${lane} says more than a page of log`)) ?? '');
      const text = log
        .split('\n')
        .slice(1, LINES + 1)
        .map((line) => `${line}\n`);
      expect(createHash('sha256').update(text.join('')).digest('hex')).toBe(LARGE_LOG_HASH);
    });

    it('ended leaves nothing that runs', async () => {
      const id = (await started.get(`${lane} leaves a process behind`)) ?? '';
      expect(await logOf(id)).toContain('killed 1 process(es) the job had left behind');
    });
  });
});

describe.each(LANES)('a running script on %s', (lane) => {
  it('is heard while it runs, and a cancel ends it at the next control poll', { timeout: PATIENTLY }, async () => {
    const id = await preview(lane, 'python3', SPEAKS);
    expect(await logged(id, 'up\n')).toMatch(/^job=\S+ tag=\S+ worker=wk-/);
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, { reason: 'enough' });
    const asked = Date.now();
    const job = await millrace.completed(id, PATIENTLY);
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect(job).toMatchObject({ canceled: true, canceled_by: 'admin', canceled_reason: 'enough', success: false });
    expect(job.result.error.name).toBe('Canceled');
  });

  it('that fails is tried again by its policy', { timeout: PATIENTLY }, async () => {
    const path = `f/demo/again_${lane}`;
    const retry = { constant: { attempts: 1, seconds: 0 } };
    await millrace.script(path, 'bash', 'echo "a try"; exit 1', { retry, ...tagOf(lane) });
    const id = await millrace.text('POST', `/w/demo/jobs/run/p/${path}`, 201, {});
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({ success: false });
    expect((await logOf(id)).match(/^a try$/gm)).toHaveLength(2);
  });

  it('that fetches a secret does not show it in its log', { timeout: PATIENTLY }, async () => {
    const path = `u/admin/secret_${lane}`;
    await millrace.text('POST', '/w/demo/variables/create', 201, {
      path,
      value: 'correct-horse-battery',
      is_secret: true,
      description: '',
    });
    const code = `echo "given $1"; sleep 0.7; v=$(curl -s -H "Authorization: Bearer $WM_TOKEN" "$BASE_INTERNAL_URL/api/w/demo/variables/get_value/${path}"); printf "got correct-horse"; sleep 0.7; echo "-battery"; echo "and $v"`;
    const id = await preview(lane, 'bash', `x="$1"\n${code}`, '', { x: `$var:${path}` });
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({ success: true });
    const log = await logOf(id);
    expect(log).not.toContain('horse');
    expect(log).toMatch(/given cor\*\*\*\*\*\ngot cor\*\*\*\*\*\nand "cor\*\*\*\*\*"/);
  });

  it('whose runner is killed fails with the reason, within 15 s', { timeout: PATIENTLY }, async () => {
    const id = await preview(lane, 'python3', SPEAKS);
    await logged(id, 'up\n');
    if (lane === 'lambda')
      await millrace.cloud.lambda.killEnvironment(millrace.cloud.functionNamed('groupdefault-runner'));
    else for (const task of millrace.cloud.services.ecs.running()) task.kill();
    const killed = Date.now();
    const job = await millrace.completed(id, PATIENTLY);
    expect(Date.now() - killed).toBeLessThan(15_000);
    expect(job).toMatchObject({ success: false, result: { error: { name: 'RunnerDied' } } });
  });
});

describe('a task', () => {
  it('takes a job that may run longer than Lambda lets it, whatever its tag', { timeout: PATIENTLY }, async () => {
    const id = await preview('lambda', 'bash', 'echo long', '?timeout=3600');
    const job = await millrace.completed(id, PATIENTLY);
    expect(job).toMatchObject({ success: true, result: 'long', tag: 'bash', worker: expect.stringMatching(/-task-/) });
    const wish = { language: 'bash', content: 'echo 1' };
    const refused = await millrace.text('POST', '/w/demo/jobs/run/preview?timeout=86401', 400, wish);
    expect(refused).toContain('timeout: 86401 s is more than a worker can give (86400 s)');
  });

  it('answers run_wait_result', { timeout: PATIENTLY }, async () => {
    const wish = { language: 'bash', content: 'echo waited', tag: 'task', args: {} };
    expect(await millrace.json('POST', '/w/demo/jobs/run_wait_result/preview', wish)).toBe('waited');
  });

  it('that died without anybody being told is run again by the reaper', { timeout: PATIENTLY }, async () => {
    const { ecs } = millrace.cloud.services;
    const mute = ecs.mute();
    const id = await preview('fargate', 'bash', 'echo up; sleep 2');
    await logged(id, 'up\n');
    const dying = ecs.running();
    for (const task of dying) task.kill();
    await Promise.all(dying.map((task) => task.ended));
    mute();
    millrace.cloud.clock.advance(310_000);
    await millrace.cloud.tick('reaper');
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({ success: true });
    expect((await logOf(id)).match(/^up$/gm)).toHaveLength(2);
  });

  it('holds nothing of the frames token that user code could read', { timeout: PATIENTLY }, async () => {
    // A JWT that is not WM_TOKEN, which says jwt_ before.
    const look = `
import glob, os, re
def main():
    token = re.compile(rb"(?<!jwt_)(?<![\\w.-])eyJ[\\w-]{20,}\\.eyJ[\\w-]{20,}\\.[\\w-]{20,}")
    files = glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline")
    for root in ("${millrace.home}", os.getcwd(), os.environ.get("TMPDIR", os.getcwd())):
        for folder, _, names in os.walk(root):
            files += [os.path.join(folder, name) for name in names if name != "main.py"]
    found = [name for name in os.environ if "FRAMES" in name or "ATTEMPT" in name]
    looked = 0
    for file in files:
        try:
            if not os.path.isfile(file): continue
            looked += 1
            if token.search(open(file, "rb").read()): found.append(file)
        except OSError:
            continue
    return {"found": found, "looked": looked > 2, "sees": token.search(b" eyJ" + b"a" * 30 + b".eyJ" + b"b" * 30 + b"." + b"c" * 30) is not None}`;
    const id = await preview('fargate', 'python3', look.trim());
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({
      success: true,
      result: { found: [], looked: true, sees: true },
    });
  });
});

describe('RunTask', () => {
  const faults = () => millrace.cloud.faults;
  const started = (id: string) =>
    millrace.cloud.services.ecs.known().filter((task) => String(task.describe().startedBy).includes(id));

  it('that is throttled lets the job wait, which is no try and leaves no trace', { timeout: PATIENTLY }, async () => {
    const remove = faults().add({ service: 'ecs', operation: 'RunTask', action: { kind: 'throttle' } });
    const id = await preview('fargate', 'bash', 'echo at last');
    const waits = await until(async () => {
      const job = await millrace.json('GET', `/w/demo/jobs_u/get/${id}?no_logs=true`);
      return job.waits_for === 'no_capacity' ? job : undefined;
    });
    expect(waits.running).toBe(false);
    remove();
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({ success: true, result: 'at last' });
    expect((await logOf(id)).match(/^job=/gm)).toHaveLength(1);
  });

  it('whose answer is lost starts no second task', { timeout: PATIENTLY }, async () => {
    const remove = faults().add({ service: 'ecs', operation: 'RunTask', nth: 1, action: { kind: 'drop-answer' } });
    const id = await preview('fargate', 'bash', 'echo once');
    expect(await millrace.completed(id, PATIENTLY)).toMatchObject({ success: true, result: 'once' });
    remove();
    expect(started(id)).toHaveLength(1);
  });

  it('that can never be fails the job with the reason', { timeout: PATIENTLY }, async () => {
    const action = { kind: 'refuse', status: 400, code: 'InvalidParameterException' } as const;
    const remove = faults().add({ service: 'ecs', operation: 'RunTask', action });
    const id = await preview('fargate', 'bash', 'echo never');
    const job = await millrace.completed(id, PATIENTLY);
    remove();
    expect(job).toMatchObject({ success: false, result: { error: { name: 'NotRunnable' } } });
    expect(job.result.error.message).toMatch(/^Its task could not be started: /);
  });
});
