import { z } from 'zod';
import { Expr } from './flow-inputs.ts';
import { FlowModule, innerLists, isLeaf } from './flow-module.ts';
import { JsonObject } from './json.ts';

/** Each module has an item of its own; a definition is read as a whole by every step. */
const MOST_MODULES = 1_000;
/** Each level is one more job above a step. */
const MOST_NESTED = 20;

const Fields = z.looseObject({
  modules: z.array(FlowModule),
  failure_module: FlowModule.nullish(),
  preprocessor_module: FlowModule.nullish(),
  same_worker: z.boolean().nullish(),
  preserve_step_tags: z.boolean().nullish(),
  concurrent_limit: z.number().int().min(0).nullish(),
  concurrency_key: z.string().max(1_000).nullish(),
  concurrency_time_window_s: z.number().int().min(0).nullish(),
  skip_expr: Expr.nullish(),
  cache_ttl: z.number().min(0).nullish(),
  delete_after_secs: z.number().min(0).nullish(),
  flow_env: JsonObject.nullish(),
  priority: z.number().int().min(0).max(100).nullish(),
  /** A module's id, or an expression over results, that answers whoever waits before the flow has ended. */
  early_return: z.string().max(10_000).nullish(),
  chat_input_enabled: z.boolean().nullish(),
});

type Where = (string | number)[];
type Found = { module: FlowModule; at: Where; depth: number };

const listAt = (module: FlowModule, list: number): Where => {
  if (module.value.type === 'branchone' && list === module.value.branches.length) return ['value', 'default'];
  return module.value.type === 'branchone' || module.value.type === 'branchall'
    ? ['value', 'branches', list, 'modules']
    : ['value', 'modules'];
};

/** Every module of a list and within it, outer ones first. */
function* within(modules: FlowModule[], at: Where, depth: number): Generator<Found> {
  for (const [index, module] of modules.entries()) {
    const here = [...at, index];
    yield { module, at: here, depth };
    for (const [list, inner] of innerLists(module).entries())
      yield* within(inner, [...here, ...listAt(module, list)], depth + 1);
  }
}

const RESERVED = { failure: 'failure_module', preprocessor: 'preprocessor_module' };

const checkTree = (flow: z.infer<typeof Fields>, context: z.RefinementCtx): void => {
  const seen = new Set<string>();
  const fault = (path: Where, message: string): void => context.addIssue({ code: 'custom', path, message });
  let count = 0;
  for (const { module, at, depth } of within(flow.modules, ['modules'], 0)) {
    count += 1;
    if (seen.has(module.id)) fault([...at, 'id'], `another module has the id ${module.id}: ids are unique in a flow`);
    if (Object.hasOwn(RESERVED, module.id))
      fault([...at, 'id'], `the id ${module.id} is that of the ${module.id} module`);
    if (depth === MOST_NESTED) fault(at, `modules nest at most ${MOST_NESTED} levels deep`);
    seen.add(module.id);
  }
  if (count > MOST_MODULES) fault(['modules'], `a flow has at most ${MOST_MODULES} modules; this one has ${count}`);
  for (const name of Object.values(RESERVED)) {
    const module = name === 'failure_module' ? flow.failure_module : flow.preprocessor_module;
    if (module && seen.has(module.id))
      fault([name, 'id'], `another module has the id ${module.id}: ids are unique in a flow`);
    if (module && !isLeaf(module.value)) fault([name, 'value', 'type'], 'must be a script, a rawscript or a flow');
    else if (module?.suspend) fault([name, 'suspend'], 'only a step of the flow can wait for approvals');
  }
};

/** The id of the innermost module that a path into what was sent leads through. */
const moduleOn = (sent: unknown, path: readonly PropertyKey[]): string | undefined => {
  let at: unknown = sent;
  let id: string | undefined;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return id;
    at = new Map<PropertyKey, unknown>(Array.isArray(at) ? at.entries() : Object.entries(at)).get(key);
    if (typeof at === 'object' && at !== null && 'id' in at && 'value' in at && typeof at.id === 'string') id = at.id;
  }
  return id;
};

const Checked = Fields.superRefine(checkTree);

/** The definition of a flow, as Windmill's OpenFlow. What is wrong with it is said with the id of the module that it is in. */
export const FlowValue = z.unknown().transform((sent, context): z.infer<typeof Fields> => {
  const parsed = Checked.safeParse(sent);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const module = moduleOn(sent, issue.path);
    const message = module === undefined ? issue.message : `module ${module}: ${issue.message}`;
    context.addIssue({ code: 'custom', path: issue.path, message });
  }
  return z.NEVER;
});
export type FlowValue = z.infer<typeof FlowValue>;

/** A flow as it is written down and exchanged. */
export const OpenFlow = z.looseObject({
  summary: z.string().max(1_000).default(''),
  description: z.string().max(20_000).nullish(),
  value: FlowValue,
  schema: JsonObject.nullish(),
});
export type OpenFlow = z.infer<typeof OpenFlow>;
