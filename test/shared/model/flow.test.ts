import { describe, expect, test } from 'vitest';
import { FlowValue, OpenFlow } from '../../../shared/model/flow.ts';

const step = (id: string, more: object = {}) => ({
  id,
  value: { type: 'rawscript', language: 'bun', content: 'export const main = () => 1', input_transforms: {} },
  ...more,
});
const loop = (id: string, modules: object[], more: object = {}) => ({
  id,
  value: { type: 'forloopflow', iterator: { type: 'static', value: [1] }, skip_failures: false, modules, ...more },
});
const faults = (value: object): string[] =>
  FlowValue.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe('a flow definition', () => {
  test('gives back what was sent, also what is not known here', () => {
    const value = {
      modules: [
        loop('a', [step('b', { retry: { constant: { attempts: 2, seconds: 1 } }, new_field: 1 })], { squash: true }),
        { id: 'c', value: { type: 'branchone', branches: [{ expr: 'true', modules: [] }], default: [step('d')] } },
        { id: 'e', value: { type: 'identity' }, suspend: { required_events: 2, resume_form: { schema: {} } } },
      ],
      failure_module: step('failure'),
      groups: [{ start_id: 'a', end_id: 'b' }],
    };
    expect(OpenFlow.parse({ summary: 's', value, schema: { properties: {} } }).value).toEqual(value);
  });

  test.each<[string, object, string | RegExp]>([
    [
      'an AI agent',
      { modules: [{ id: 'a', value: { type: 'aiagent', tools: [] } }] },
      /^module a: AI agents do not run/,
    ],
    ['an unknown kind', { modules: [{ id: 'a', value: { type: 'gadget' } }] }, /^module a: type must be one of raw/],
    [
      'an input of an AI',
      { modules: [loop('a', [step('b', { sleep: { type: 'ai' } })])] },
      /^module b: must be a number/,
    ],
    [
      'a language that does not run',
      { modules: [step('a', { value: { type: 'rawscript', language: 'go', content: '' } })] },
      /^module a: go is not supported yet/,
    ],
    [
      'a hub script',
      { modules: [{ id: 'a', value: { type: 'script', path: 'hub/1/x' } }] },
      /^module a: scripts of the hub/,
    ],
    [
      'too many attempts within a loop',
      { modules: [loop('a', [step('b', { retry: { constant: { attempts: 1001, seconds: 1 } } })])] },
      'module b: at most 1000 attempts',
    ],
    [
      'an id twice',
      { modules: [step('a'), loop('b', [step('a')])] },
      'module a: another module has the id a: ids are unique in a flow',
    ],
    ['an id with a dot', { modules: [step('a.b')] }, /^module a\.b: a module id is/],
    ['the id of the failure module', { modules: [step('failure')] }, /^module failure: the id failure is that of/],
    [
      'a loop as failure module',
      { modules: [], failure_module: loop('failure', []) },
      'module failure: must be a script, a rawscript or a flow',
    ],
  ])('with %s is refused, and the module named', (_, value, message) => {
    expect(faults(value)[0]).toMatch(message);
  });

  test('nests 20 levels and not 21', () => {
    const nested = (levels: number): object => (levels === 1 ? step('x0') : loop(`x${levels}`, [nested(levels - 1)]));
    expect(faults({ modules: [nested(20)] })).toEqual([]);
    expect(faults({ modules: [nested(21)] })).toEqual(['module x0: modules nest at most 20 levels deep']);
  });
});
