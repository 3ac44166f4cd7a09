import type { Fault, FaultAction } from '../../local/gateway/faults.ts';
import { pause, type Rig } from './rig.ts';

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32). */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const KINDS = ['plain', 'fails', 'retried', 'limited', 'later'] as const;
type Kind = (typeof KINDS)[number];
const NOTE = 'file="$1"\necho "$WM_JOB_ID" >> "$file"\n';
const FILE = 'soak';

const deploy = async ({ millrace }: Rig): Promise<void> => {
  await millrace.script('f/demo/plain', 'bash', `${NOTE}echo "$WM_JOB_ID"`);
  await millrace.script('f/demo/fails', 'bash', `${NOTE}exit 3`);
  await millrace.script('f/demo/retried', 'bash', `${NOTE}exit 3`, {
    retry: { constant: { attempts: 1, seconds: 1 } },
  });
  await millrace.script('f/demo/limited', 'bash', `key="$2"\n${NOTE}echo "$WM_JOB_ID"`, {
    concurrent_limit: 2,
    concurrency_key: 'soak-$args[key]',
  });
};

/** What the model knows of a job: what was asked for, and the most that was seen of it. */
type Known = { kind: Kind; canceled: boolean; attempt: number; ended: string | undefined };

const textOf = (result: unknown): string => (result as { text?: string } | undefined)?.text ?? '';
const TERMINAL = new Set(['success', 'failure', 'canceled', 'skipped']);
/** Ends that are nobody's but ours: its workers died, or it could not be started, too often; its runner was cut off. */
const OURS = /"name\\?":\\?"(WorkerLost|NotStarted|RunnerDied)/;

/** The jobs that were accepted, looked at again and again. `wrong` holds what must never be. */
class Model {
  readonly jobs = new Map<string, Known>();
  readonly wrong: string[] = [];
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Every accepted job is there; its attempts only grow; once ended it never changes. */
  look(): void {
    const items = new Map(this.#rig.left.items().flatMap((item) => (item.sk === 'job' ? [[item.id, item]] : [])));
    for (const [id, known] of this.jobs) {
      const item = items.get(id);
      if (item === undefined) {
        this.wrong.push(`job ${id} was accepted and is lost`);
        continue;
      }
      const attempt = Number(item.attempt);
      if (attempt < known.attempt) this.wrong.push(`job ${id} went back from attempt ${known.attempt} to ${attempt}`);
      known.attempt = attempt;
      const ended = TERMINAL.has(String(item.status)) ? JSON.stringify([item.status, textOf(item.result)]) : undefined;
      if (known.ended !== undefined && ended !== known.ended)
        this.wrong.push(`job ${id} ended as ${known.ended} and then as ${ended}`);
      known.ended = ended;
    }
  }

  atLast(): string[] {
    const runs = new Map<string, number>();
    for (const id of this.#rig.runs(FILE)) runs.set(id, (runs.get(id) ?? 0) + 1);
    for (const [id, { kind, canceled, attempt, ended = '' }] of this.jobs) {
      const [status] = ended === '' ? ['live'] : JSON.parse(ended);
      const ours = OURS.test(ended);
      const wanted = kind === 'fails' || kind === 'retried' ? 'failure' : 'success';
      if (status !== wanted && !(status === 'canceled' && canceled) && !ours)
        this.wrong.push(`${kind} job ${id} ended as ${ended}`);
      const ran = runs.get(id) ?? 0;
      if (status === 'success' && ran === 0) this.wrong.push(`job ${id} succeeded and never ran`);
      if (ran > attempt + 1) this.wrong.push(`job ${id} ran ${ran} times in ${attempt} attempts`);
    }
    return this.wrong;
  }

  count(wanted: (item: Known) => boolean): number {
    return [...this.jobs.values()].filter(wanted).length;
  }
}

const CALLS = [
  { service: 'dynamodb', operation: 'UpdateItem' },
  { service: 'dynamodb', operation: 'PutItem' },
  { service: 'dynamodb', operation: 'GetItem' },
  { service: 'sqs', operation: 'SendMessage' },
  { service: 'lambda' },
];
const ACTIONS: FaultAction[] = [
  { kind: 'throttle' },
  { kind: 'drop-answer' },
  { kind: 'cut-before' },
  { kind: 'kill-before' },
  { kind: 'kill-after' },
  { kind: 'delay', ms: 200 },
  { kind: 'redeliver' },
  { kind: 'duplicate' },
];

/** `duplicate` means a message that comes twice; SDKs send nothing else twice of themselves. */
const faultOf = (pick: <T>(from: readonly T[]) => T, nth: number): Fault => {
  const action = pick(ACTIONS);
  const call = action.kind === 'duplicate' ? { service: 'sqs', operation: 'SendMessage' } : pick(CALLS);
  return { ...call, nth, action };
};

type Soaked = { jobs: number; ended: Record<string, number>; faults: number; runs: number; wrong: string[] };

/** Accepts `jobs` jobs while functions are killed, calls disturbed and the clock jumps as `seed` says; then recovers. */
export const soak = async (rig: Rig, jobs: number, seed: number): Promise<Soaked> => {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const { cloud } = rig.millrace;
  const model = new Model(rig);
  await deploy(rig);
  let faults = 0;

  /** Answers how to note it. */
  const accept = async (n: number): Promise<() => void> => {
    const kind = pick(KINDS);
    const [path, query] = kind === 'later' ? ['plain', '?scheduled_in_secs=20'] : [kind, ''];
    const body = { file: rig.file(FILE), ...(kind === 'limited' ? { key: String(n % 5) } : {}) };
    const { status, text } = await rig.insist(`/w/demo/jobs/run/p/f/demo/${path}${query}`, body, `soak-${n}`);
    return () => {
      if (status === 201) model.jobs.set(text, { kind, canceled: false, attempt: 0, ended: undefined });
      else model.wrong.push(`job ${n} was answered ${status} ${text}`);
    };
  };
  const cancel = async (): Promise<void> => {
    const [id, known] = pick([...model.jobs]);
    // It may be canceled from the moment on at which that is asked for.
    known.canceled = true;
    await rig.insist(`/w/demo/jobs_u/queue/cancel/${id}`, {});
  };

  for (let n = 0; n < jobs; ) {
    const burst = Math.min(jobs - n, 1 + Math.floor(random() * 8));
    faults += 1;
    cloud.faults.clear();
    cloud.faults.add(faultOf(pick, 1 + Math.floor(random() * 12)));
    const accepted = await Promise.all(Array.from({ length: burst }, (_, index) => accept(n + index)));
    // In the order of asking, so that the next dice do not depend on that of the answers.
    for (const note of accepted) note();
    n += burst;
    const dice = random();
    if (dice < 0.15) await cloud.lambda.killEnvironment(cloud.functionNamed(pick(['dispatch', 'webhook', 'api'])));
    else if (dice < 0.25) cloud.services.sqs.redeliver();
    else if (dice < 0.4) await rig.step(1_000 + Math.floor(random() * 60_000));
    else if (dice < 0.5) await cancel();
    if (jobs < 1_000 || random() < 0.1) model.look();
    await pause(random() * 50);
  }
  cloud.faults.clear();
  // Those under a limit stand in a line, and pass it one after the other.
  for (let rounds = 0; rounds < jobs && rig.left.unfinished().length > 0; rounds += 1) {
    await rig.step(20_000);
    await rig.quiet();
  }
  await rig.recover();
  model.look();
  const ended: Record<string, number> = {};
  for (const status of [...TERMINAL, 'ours'])
    ended[status] = model.count(({ ended: text = '' }) =>
      status === 'ours' ? OURS.test(text) : text.startsWith(`["${status}`),
    );
  const left = rig.left.leftovers().slice(0, 10);
  return { jobs: model.jobs.size, ended, faults, runs: rig.runs(FILE).length, wrong: [...model.atLast(), ...left] };
};
