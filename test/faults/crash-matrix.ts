import type { FaultAction, TracedCall } from '../../local/gateway/faults.ts';
import type { Ending, Life, Run } from './lives.ts';
import type { Rig } from './rig.ts';

/** The nth call of one operation by one function, in one life. */
type Point = { function: string; service: string; operation: string; nth: number; action: FaultAction };

const nameOf = ({ function: fn, service, operation, nth, action }: Point): string =>
  `${action.kind} ${fn.split('-').at(-1)} ${service}:${operation} #${nth}`;

/** They look on their own at everything, so what they call is nobody's life but that which tests say. */
const ONLOOKERS = ['reaper', 'reconcile', 'expiry', 'event-sources'];
const READS = /^(Get|BatchGet|Query|Head|List|Decrypt)/;

const actionsAt = (call: TracedCall): FaultAction['kind'][] => {
  const sends = call.service === 'sqs' || call.service === 'scheduler';
  return [
    'kill-before',
    'kill-after',
    ...(READS.test(call.operation) ? [] : ['drop-answer' as const]),
    ...(sends && call.operation === 'SendMessage' ? ['duplicate' as const] : []),
    ...(call.function.endsWith('dispatch') ? ['redeliver' as const] : []),
  ];
};

const actionOf = (kind: FaultAction['kind']): FaultAction | undefined =>
  kind === 'refuse' || kind === 'delay' ? undefined : { kind };

/** What can be cut in a life whose undisturbed run made these calls, in their order. */
const pointsOf = (trace: TracedCall[], onlookers = ONLOOKERS): Point[] => {
  const seen = new Map<string, number>();
  return trace.flatMap((call) => {
    if (onlookers.some((word) => call.function.endsWith(word))) return [];
    const what = `${call.function} ${call.service} ${call.operation}`;
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    return actionsAt(call).flatMap((kind) => {
      const action = actionOf(kind);
      const { function: fn, service, operation } = call;
      return action === undefined ? [] : [{ function: fn, service, operation, nth, action }];
    });
  });
};

const wrongWith = ({ rig, name }: Run, ending: Ending, broken: boolean): string[] => {
  const job = rig.left.job(ending.id);
  if (job === undefined) return [`job ${ending.id} is lost`];
  const wrong: string[] = [];
  const text = JSON.stringify(job.result);
  // A runner that may have begun is not started again: then the job says so.
  const told = broken && job.status === 'failure' && text.includes('Job failed: the connection to its runner broke');
  if (told) return [];
  if (!ending.status.includes(String(job.status))) wrong.push(`job ended as ${job.status} with ${text}`);
  const { result } = job as { result?: { at: string; text: string } };
  if (ending.result !== undefined && result?.text !== JSON.stringify(ending.result))
    wrong.push(`its result is ${text}`);
  const runs = rig.runs(name).filter((line) => line === ending.id).length;
  if (ending.ran === 'never' && runs > 0) wrong.push(`it ran ${runs} times`);
  if (ending.ran === 'at least once' && runs === 0) wrong.push('it never ran');
  if (runs > 1 + Number(job.attempt ?? 0)) wrong.push(`it ran ${runs} times in ${job.attempt} attempts`);
  return wrong;
};

/** What a broken run left behind must not be in the way of the next. */
const cleanUp = async (rig: Rig): Promise<void> => {
  for (const { id } of rig.left.unfinished())
    await rig.millrace.request('POST', `/w/demo/jobs_u/queue/force_cancel/${id}`, {});
};

let runs = 0;

type Played = { wrong: string[]; struck: boolean; tookMs: number };

const play = async (rig: Rig, life: Life, point?: Point): Promise<Played> => {
  runs += 1;
  const run: Run = { rig, name: `run-${runs}` };
  const { faults, clock } = rig.millrace.cloud;
  // What is read once a minute is read anew in each run.
  clock.advance(61_000);
  await rig.quiet();
  await life.before?.(run);
  let struck = false;
  const remove =
    point === undefined
      ? undefined
      : faults.add(point, () => {
          struck = true;
        });
  try {
    const playing = life.play(run);
    const endings = await (point === undefined ? playing : rig.during(playing));
    const tookMs = await rig.recover();
    const broken = point?.service === 'lambda' && point.action.kind !== 'redeliver';
    const wrong = [...rig.left.leftovers(), ...endings.flatMap((ending) => wrongWith(run, ending, broken))];
    return { wrong, struck, tookMs };
  } catch (error) {
    return { wrong: [String(error)], struck, tookMs: 0 };
  } finally {
    remove?.();
    faults.clear();
    await cleanUp(rig);
  }
};

export type Outcome = {
  cut: number;
  missed: string[];
  broken: string[];
  points: number;
  orphans: string[];
  /** After which point it took longest, in stepped time, until nothing was left: mostly a message that was still hidden. */
  slowest: { point: string; tookMs: number };
};

/** What depends on chance, as a page of a log that is sent early or late, is not met by each run. */
const TRIES = 3;

const cutAt = async (rig: Rig, life: Life, point: Point): Promise<Played> => {
  for (let tries = 1; ; tries += 1) {
    const played = await play(rig, life, point);
    if (played.struck || played.wrong.length > 0 || tries === TRIES) return played;
  }
};

/**
 * Runs a life once undisturbed, and once for each call that it made and each way to disturb that; of these, every
 * `stride`th from `offset` on.
 */
export const cutEverywhere = async (rig: Rig, life: Life, stride: number, offset: number): Promise<Outcome> => {
  const { faults } = rig.millrace.cloud;
  await life.deploy(rig);
  // What only a cold start asks for is no point that a later run meets again.
  if (runs === 0 || stride === 1) await play(rig, life);
  faults.startTrace();
  const undisturbed = await play(rig, life);
  const trace = faults.stopTrace();
  if (undisturbed.wrong.length > 0) throw new Error(`${life.name}, undisturbed: ${undisturbed.wrong.join('; ')}`);
  const points = pointsOf(trace);
  const outcome: Outcome = {
    cut: 0,
    missed: [],
    broken: [],
    points: points.length,
    orphans: [],
    slowest: { point: 'none', tookMs: 0 },
  };
  const before = new Set(rig.left.orphans());
  for (const [index, point] of points.entries()) {
    if ((index + offset) % stride !== 0) continue;
    const { wrong, struck, tookMs } = await cutAt(rig, life, point);
    if (tookMs > outcome.slowest.tookMs) outcome.slowest = { point: nameOf(point), tookMs };
    if (struck) outcome.cut += 1;
    else outcome.missed.push(nameOf(point));
    if (wrong.length > 0) outcome.broken.push(`${nameOf(point)}: ${wrong.join('; ')}`);
  }
  outcome.orphans = rig.left.orphans().filter((key) => !before.has(key));
  return outcome;
};
