import type { FlowModule } from '../model/flow-module.ts';
import type { Step } from './asks.ts';
import type { Continue } from './commands.ts';
import { type Draft, MOST_AT_ONCE } from './draft.ts';
import { join, pageOf } from './join.ts';
import { type ChildEnd, faultEnd, type ModuleEnd } from './module-end.ts';
import { childrenRef } from './one-by-one.ts';
import type { Member, ModulePart, PagePart } from './parts.ts';
import { skipsFailure } from './plan.ts';
import { childRef, startChild } from './start-child.ts';

/** Children that one invocation starts before it hands on to the next. */
const WINDOW = 25;

/** What one event starts, at most: a window, and one more for each that ended without a job. */
const REACH = WINDOW + MOST_AT_ONCE;

/**
 * Starts those that may be started, a window at a time. The event that begins the loop begins the first, and each of the others
 * is begun by the `continue` that names it. When its window was begun already, an event says again all that was
 * started then, however far the loop has come since: a crash may have cut it off.
 */
export function* runAtOnce(draft: Draft, module: FlowModule, part: ModulePart): Step<ModuleEnd | undefined> {
  const { started = 0, limit = 0 } = part;
  const from = Math.min(started, windowOf(draft, part));
  if (from < started) {
    const reach = draft.event.type === 'look' ? started : Math.min(started, from + REACH);
    const end = yield* startSome(draft, module, part, from, reach);
    if (end !== undefined) return end;
  } else if (started < limit) {
    const upTo = Math.min(limit, started + WINDOW);
    draft.save({ ...part, started: upTo });
    const end = yield* startSome(draft, module, part, started, upTo);
    if (end !== undefined) return end;
  }
  const now = yield* draft.module(module.id);
  if (now !== undefined) askForMore(draft, now);
  return undefined;
}

/** Where the window starts that the event is about. Whatever does not name a later one of this very loop may have begun it. */
const windowOf = ({ event }: Draft, { id, attempt }: ModulePart): number => {
  const window = event.type === 'continue' ? event.window : undefined;
  return window?.module === id && window.attempt === attempt ? window.from : 0;
};

const nextWindow = ({ id: module, attempt, started: from = 0 }: ModulePart): Continue => ({
  type: 'continue',
  window: { module, attempt, from },
});

const askForMore = (draft: Draft, part: ModulePart): void => {
  const { started = 0, limit = 0 } = part;
  if (started < limit) draft.command(nextWindow(part));
};

function* startSome(
  draft: Draft,
  module: FlowModule,
  part: ModulePart,
  from: number,
  upTo: number,
): Step<ModuleEnd | undefined> {
  const faults: Ended[] = [];
  for (let iteration = from; iteration < upTo; iteration += 1) {
    const page = yield* draft.page(pageOf(part, iteration));
    if (page.members[iteration] !== undefined) continue;
    const fault = yield* startChild(draft, module, part, iteration);
    if (fault !== undefined) faults.push([iteration, { status: 'failure', error: fault }]);
  }
  return yield* endAll(draft, module, faults);
}

/** Takes the end of an iteration. One that is known to have ended only tells again what it made room for. */
export function* endOfMember(
  draft: Draft,
  module: FlowModule,
  part: ModulePart,
  iteration: number,
  child: ChildEnd,
): Step<ModuleEnd | undefined> {
  const page = yield* draft.page(pageOf(part, iteration));
  const known = page.members[iteration];
  if (known === undefined) return yield* endAll(draft, module, [[iteration, child]]);
  const next = yield* openNext(draft, part, known);
  if (next !== undefined) return yield* startSome(draft, module, part, next, next + 1);
  // So many came to nothing that the rest was left to a window.
  if (known.next !== undefined) askForMore(draft, part);
  return undefined;
}

/** The job that an end made room for: past those that came to nothing before they had one. */
function* openNext(draft: Draft, part: ModulePart, known: Member): Step<number | undefined> {
  for (let { next } = known; next !== undefined; ) {
    const page: PagePart = yield* draft.page(pageOf(part, next));
    const member: Member | undefined = page.members[next];
    if (member?.error === undefined) return next;
    next = member.next;
  }
  return undefined;
}

type Ended = [iteration: number, end: ChildEnd];

/** Each end makes room for one more; one that could not even start ends at once and makes room again. */
function* endAll(draft: Draft, module: FlowModule, ended: Ended[]): Step<ModuleEnd | undefined> {
  for (let entry = ended.shift(); entry !== undefined; entry = ended.shift()) {
    const [iteration, child] = entry;
    const part = yield* draft.module(module.id);
    if (part === undefined) return undefined;
    const next = makeRoom(draft, part);
    const all = yield* join(draft, part, iteration, memberOf(module, iteration, child, next));
    if (all !== undefined) return yield* endOf(draft, part, all);
    const fault = next === undefined ? undefined : yield* startChild(draft, module, part, next);
    if (next !== undefined && fault !== undefined) ended.push([next, { status: 'failure', error: fault }]);
  }
  return undefined;
}

/** Where not all may run at once, the one that is started next. While windows are being started, theirs is only one more. */
const makeRoom = (draft: Draft, part: ModulePart): number | undefined => {
  const { limit = 0, started = 0, len = 0 } = part;
  if (limit >= len) return undefined;
  const starts = started === limit && !draft.isEnough(nextWindow(part));
  draft.save({ ...part, limit: limit + 1, ...(starts ? { started: started + 1 } : {}) });
  return starts ? started : undefined;
};

const memberOf = (module: FlowModule, iteration: number, child: ChildEnd, next: number | undefined): Member => {
  const success = child.status === 'success';
  return {
    success,
    ...(success || skipsFailure(module, iteration) ? {} : { failed: iteration }),
    ...(child.error === undefined ? {} : { error: child.error }),
    ...(next === undefined ? {} : { next }),
    ...(child.started_at === undefined ? {} : { started_at: child.started_at }),
    ...(child.duration_ms === undefined ? {} : { duration_ms: child.duration_ms }),
  };
};

/** The result of a failed one is that of its first failed iteration. */
function* endOf(draft: Draft, part: ModulePart, { failed }: Member): Step<ModuleEnd> {
  if (failed === undefined) return { success: true, result: childrenRef(part, part.len ?? 0) };
  const page = yield* draft.page(pageOf(part, failed));
  const error = page.members[failed]?.error;
  return error === undefined
    ? { success: false, result: childRef(part, failed), retriable: true }
    : { ...faultEnd(error), retriable: true };
}
