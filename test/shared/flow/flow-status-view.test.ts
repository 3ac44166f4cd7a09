import { expect, test } from 'vitest';
import { flowStatusView } from '../../../shared/flow/flow-status-view.ts';
import { childName, type ModulePart, type PagePart } from '../../../shared/flow/parts.ts';
import { FlowValue } from '../../../shared/model/flow.ts';
import { FlowWorld } from '../../support/flow-world.ts';

const step = (id: string, more: object = {}) => ({ id, value: { type: 'script', path: `f/s/${id}` }, ...more });
const js = (expr: string) => ({ type: 'javascript', expr });
const modules = [
  step('a', { retry: { constant: { attempts: 2, seconds: 0 } } }),
  { id: 'l', value: { type: 'forloopflow', iterator: js('[1, 2]'), skip_failures: true, modules: [step('b')] } },
  { id: 'x', value: { type: 'branchone', branches: [{ expr: 'true', modules: [step('c')] }], default: [] } },
  {
    id: 'y',
    value: { type: 'branchall', parallel: true, branches: [{ modules: [step('d')] }, { modules: [step('e')] }] },
  },
  step('s', { skip_if: { expr: 'true' } }),
  step('p', { suspend: { required_events: 2, user_auth_required: true } }),
  step('z'),
];
const value = FlowValue.parse({ modules });

const shown = (world: FlowWorld) => {
  const flow = world.part('flow');
  const all = [...(world.flows.get('root')?.parts.values() ?? [])];
  if (flow?.part !== 'flow') throw new Error('no flow');
  const parts = new Map(
    all.flatMap((part) => (part.part === 'module' ? [[part.id, part] as [string, ModulePart]] : [])),
  );
  const pages = all.filter((part): part is PagePart => part.part === 'page');
  const childId = (id: string, child: Parameters<typeof childName>[0]) => Promise.resolve(`${id}:${childName(child)}`);
  return flowStatusView(value, { flow, modules: parts, pages }, { childId });
};

test('a flow that waits for approvals shows all that ran before, in the words of the reference', async () => {
  const world = new FlowWorld(({ run }, id) => ({ ok: (id !== 'a' || run > 0) && id !== 'b', value: 1 }));
  world.start(value);
  world.settle();
  const by = { name: 'ann', authenticated: true, launcher: false, groups: [] };
  world.tell({ type: 'resume', module: 'p', resume_id: 7, approved: true, by });
  const started_at = [null, null];
  expect(await shown(world)).toEqual({
    step: 5,
    modules: [
      { type: 'Success', id: 'a', job: 'root:a/1/0', failed_retries: ['root:a/0/0'] },
      {
        type: 'Success',
        id: 'l',
        job: 'root:l/0/1',
        iterator: { index: 1, itered_len: 2 },
        flow_jobs: ['root:l/0/0', 'root:l/0/1'],
        flow_jobs_success: [false, false],
        flow_jobs_duration: { started_at, duration_ms: [5, 5] },
      },
      { type: 'Success', id: 'x', job: 'root:x/0/0', branch_chosen: { type: 'branch', branch: 0 } },
      {
        type: 'Success',
        id: 'y',
        job: 'root:y/0/1',
        branchall: { branch: 1, len: 2 },
        flow_jobs: ['root:y/0/0', 'root:y/0/1'],
        flow_jobs_success: [true, true],
        flow_jobs_duration: { started_at, duration_ms: [5, 5] },
      },
      { type: 'Success', id: 's', skipped: true },
      { type: 'Success', id: 'p', job: 'root:p/0/0', approvers: [{ resume_id: 7, approver: 'ann' }] },
      { type: 'WaitingForEvents', id: 'z', count: 1, job: 'root:p/0/0' },
    ],
    failure_module: { type: 'WaitingForPriorSteps', id: 'failure' },
    cleanup_module: { flow_jobs_to_clean: [] },
    retry: { fail_count: 0, failed_jobs: [] },
    user_states: {},
    approval_conditions: { user_auth_required: true, user_groups_required: [], self_approval_disabled: false },
  });
});

test('a flow that has ended is past its last step; a new one waits at its first', async () => {
  const world = new FlowWorld((_, id) => ({ ok: id !== 'd', value: 1 }));
  world.start(value);
  const [started] = world.due.splice(0);
  if (started) world.hear(started);
  const { step: current, modules: begun } = await shown(world);
  expect(current).toBe(0);
  expect(begun.map(({ type }) => type)).toEqual(['InProgress', ...Array(6).fill('WaitingForPriorSteps')]);
  world.settle();
  expect(await shown(world)).toMatchObject({ step: 3 });
  const all = new FlowWorld(() => ({ ok: true, value: 1 }));
  all.start(FlowValue.parse({ modules: modules.slice(0, 1) }));
  all.settle();
  expect((await shown(all)).step).toBe(7);
});
