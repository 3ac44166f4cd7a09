import { describe, expect, test } from 'vitest';
import type { Approver } from '../../../shared/flow/events.ts';
import { FlowValue } from '../../../shared/model/flow.ts';
import { FlowWorld } from '../../support/flow-world.ts';

const js = (expr: string) => ({ type: 'javascript', expr });
const ann: Approver = { name: 'ann', authenticated: true, launcher: false, groups: ['ops'] };
const launcher: Approver = { ...ann, name: 'bob', launcher: true };
const anybody: Approver = { name: '', authenticated: false, launcher: false, groups: [] };

/** A flow with an approval step `a` and a step `b` that tells what it knows of it. */
const waiting = (suspend: object, more: object = {}): FlowWorld => {
  const world = new FlowWorld(({ args }, id) => ({ ok: true, value: id === 'b' ? (args.r ?? null) : id }));
  const script = (input_transforms = {}) => ({ type: 'script', path: 'f/steps/x', input_transforms });
  world.start(
    FlowValue.parse({
      modules: [
        { id: 'a', value: script(), suspend, ...more },
        { id: 'b', value: script({ r: js('resume') }) },
      ],
    }),
    { groups: ['ops'] },
  );
  world.settle();
  return world;
};
const answer = (world: FlowWorld, by: Approver, resume_id = 1, approved = true, module: string | undefined = 'a') =>
  world.tell({ type: 'resume', resume_id, approved, by, ...(module === undefined ? {} : { module }) });

describe('an approval step', () => {
  test('holds the flow until so many have approved, each once', () => {
    const world = waiting({ required_events: 2, timeout: 60 });
    expect(world.suspended).toEqual([{ type: 'suspend', module: 'a', count: 2, until: world.now + 60_000 }]);
    answer(world, anybody, 1);
    answer(world, anybody, 1);
    expect(world.suspended.at(-1)).toMatchObject({ count: 1 });
    expect(world.result()).toBeUndefined();
    answer(world, anybody, 2, true, undefined);
    expect(world.result()).toEqual({ status: 'success', result: 'approved' });
  });

  test.each<[string, object, Approver, string]>([
    ['a login', { user_auth_required: true }, anybody, 'this approval step asks for a login'],
    [
      'a group',
      { user_groups_required: js('flow_input.groups') },
      { ...ann, groups: ['dev'] },
      'only members of ops may answer',
    ],
    [
      'a group and so a login',
      { user_groups_required: js('["ops"]') },
      { ...anybody, groups: ['ops'] },
      'asks for a login',
    ],
    [
      'another than the launcher',
      { self_approval_disabled: true },
      launcher,
      'may not answer this approval step himself',
    ],
    [
      'another than the launcher, who would be anybody without a login',
      { self_approval_disabled: true },
      anybody,
      'may not answer',
    ],
  ])('may ask for %s', (_, suspend, wrong, reason) => {
    const world = waiting(suspend);
    answer(world, wrong, 1);
    answer(world, wrong, 2, false);
    expect(world.refusals).toEqual([expect.stringContaining(reason), expect.stringContaining(reason)]);
    expect(world.result()).toBeUndefined();
    answer(world, ann, 3);
    expect(world.result()?.status).toBe('success');
  });

  test('ends the flow as canceled when it is disapproved', () => {
    const world = waiting({});
    answer(world, ann, 1, false);
    expect(world.result()).toEqual({
      status: 'canceled',
      result: { error: { name: 'Canceled', message: 'Job canceled: disapproved by ann', step_id: 'a' } },
    });
    answer(world, ann, 2);
    expect(world.refusals).toEqual(['the flow has ended']);
    expect(world.trace).toEqual(['a@#0']);
  });

  test('ends the flow when its time is over, and not before', () => {
    const world = waiting({ timeout: 60 });
    world.now += 59_999;
    world.tell({ type: 'timer' });
    expect(world.result()).toBeUndefined();
    world.now += 1;
    world.tell({ type: 'timer' });
    expect(world.result()).toMatchObject({ status: 'canceled' });
  });

  test('may let the flow go on nevertheless, with the reason', () => {
    const world = waiting({ timeout: 60, continue_on_disapprove_timeout: true });
    world.now += 60_000;
    world.tell({ type: 'timer' });
    expect(world.result()).toEqual({ status: 'success', result: 'nobody approved in time' });
  });

  test('takes an approval that came while it ran, or for the flow before it asked', () => {
    for (const module of ['a', undefined]) {
      const world = new FlowWorld(() => ({ ok: true, value: 1 }));
      world.start(FlowValue.parse({ modules: [{ id: 'a', value: { type: 'script', path: 'f/s/x' }, suspend: {} }] }));
      const [started] = world.due.splice(0);
      if (started) world.hear(started);
      const finished = world.due.splice(0);
      answer(world, ann, 1, true, module);
      expect(world.suspended).toEqual([]);
      world.due.push(...finished);
      world.settle();
      expect(world.result()).toEqual({ status: 'success', result: 1 });
    }
  });

  test('that is skipped asks nobody', () => {
    expect(waiting({}, { skip_if: { expr: 'true' } }).result()).toEqual({ status: 'success', result: null });
  });
});

test('a cancel ends the flow and stops its children; what they do then changes nothing', () => {
  const world = new FlowWorld(() => ({ ok: true, value: 1 }));
  world.start(
    FlowValue.parse({
      modules: [
        { id: 'a', value: { type: 'script', path: 'f/s/x' } },
        { id: 'b', value: { type: 'identity' } },
      ],
    }),
  );
  const [started] = world.due.splice(0);
  if (started) world.hear(started);
  const [finished] = world.due.splice(0);
  world.tell({ type: 'canceled', by: 'ann', reason: 'enough' });
  const result = { error: { name: 'Canceled', message: 'Job canceled: enough by ann' } };
  expect(world.result()).toEqual({ status: 'canceled', result });
  expect(world.flowsWithCanceledChildren).toEqual(['root']);
  if (finished) expect(world.hear(finished)).toBe(false);
});
