import { z } from 'zod';
import { Expr, InputTransform, InputTransforms, NumberInput } from './flow-inputs.ts';
import { stepOptions } from './flow-step-options.ts';
import { ScriptHash, ScriptLanguage, ScriptPath } from './script.ts';

/** Names a module in expressions (`results.<id>`) and in the ids of its jobs. */
const ModuleId = z.string().regex(/^[\w-]{1,100}$/, 'a module id is 1 to 100 letters, digits, "_" and "-"');

const limit = z.number().int().min(0);

const RawScriptValue = z.looseObject({
  type: z.literal('rawscript'),
  content: z.string(),
  language: ScriptLanguage,
  input_transforms: InputTransforms,
  path: z.string().max(255).nullish(),
  lock: z.string().nullish(),
  tag: z.string().max(50).nullish(),
  concurrent_limit: limit.nullish(),
  concurrency_time_window_s: limit.nullish(),
  custom_concurrency_key: z.string().max(1_000).nullish(),
});

const hubError = (given: unknown): string =>
  String(given).startsWith('hub/')
    ? 'scripts of the hub do not run here: copy the script into the workspace and name its path'
    : 'must look like f/folder/name or u/user/name (letters, digits, "-", "_")';

const ScriptValue = z.looseObject({
  type: z.literal('script'),
  path: z.string().refine((path) => ScriptPath.safeParse(path).success, { error: (issue) => hubError(issue.input) }),
  hash: ScriptHash.nullish(),
  input_transforms: InputTransforms,
  tag_override: z.string().max(50).nullish(),
});

const FlowStepValue = z.looseObject({ type: z.literal('flow'), path: ScriptPath, input_transforms: InputTransforms });
const IdentityValue = z.looseObject({ type: z.literal('identity'), flow: z.boolean().nullish() });

/** A step that is one job. */
export const LeafValue = z.discriminatedUnion('type', [RawScriptValue, ScriptValue, FlowStepValue]);
export type LeafValue = z.infer<typeof LeafValue>;

const Modules: z.ZodType<FlowModule[]> = z.lazy(() => z.array(FlowModule));
const loop = { modules: Modules, skip_failures: z.boolean().nullish(), parallel: z.boolean().nullish() };

const ForLoopValue = z.looseObject({
  type: z.literal('forloopflow'),
  iterator: InputTransform,
  parallelism: NumberInput.nullish(),
  ...loop,
});
export type ForLoopValue = z.infer<typeof ForLoopValue>;
/** Each iteration may ask for what the one before gave, so they never run at once, whatever `parallel` says. */
const WhileLoopValue = z.looseObject({ type: z.literal('whileloopflow'), ...loop });
type WhileLoopValue = z.infer<typeof WhileLoopValue>;

const branch = { summary: z.string().nullish(), modules: Modules };
const BranchOneValue = z.looseObject({
  type: z.literal('branchone'),
  branches: z.array(z.looseObject({ ...branch, expr: Expr })),
  default: Modules,
});
export type BranchOneValue = z.infer<typeof BranchOneValue>;
const BranchAllValue = z.looseObject({
  type: z.literal('branchall'),
  branches: z.array(z.looseObject({ ...branch, skip_failure: z.boolean().nullish() })),
  parallel: z.boolean().nullish(),
});
type BranchAllValue = z.infer<typeof BranchAllValue>;

const KINDS = ['rawscript', 'script', 'flow', 'forloopflow', 'whileloopflow', 'branchone', 'branchall', 'identity'];

const kindError = (input: unknown): string =>
  typeof input === 'object' && input !== null && 'type' in input && input.type === 'aiagent'
    ? 'AI agents do not run here: call the model from a script instead'
    : `type must be one of ${KINDS.join(', ')}`;

/** What a module does. */
const ModuleValue = z.discriminatedUnion(
  'type',
  [
    RawScriptValue,
    ScriptValue,
    FlowStepValue,
    IdentityValue,
    ForLoopValue,
    WhileLoopValue,
    BranchOneValue,
    BranchAllValue,
  ],
  { error: ({ input }) => kindError(input) },
);

type Options = z.infer<z.ZodObject<typeof stepOptions>>;
type ModuleValue =
  | LeafValue
  | z.infer<typeof IdentityValue>
  | ForLoopValue
  | WhileLoopValue
  | BranchOneValue
  | BranchAllValue;

/** One step of a flow. Fields that are not known here are kept, so that what was sent is what is given back. */
export type FlowModule = Options & { id: string; value: ModuleValue };
export const FlowModule: z.ZodType<FlowModule> = z.looseObject({ id: ModuleId, value: ModuleValue, ...stepOptions });

/** The lists of modules within a module, in the order in which they stand: a loop's one, or one of each branch. */
export const innerLists = ({ value }: FlowModule): FlowModule[][] => {
  switch (value.type) {
    case 'forloopflow':
    case 'whileloopflow':
      return [value.modules];
    case 'branchone':
      return [...value.branches.map(({ modules }) => modules), value.default];
    case 'branchall':
      return value.branches.map(({ modules }) => modules);
    case 'rawscript':
    case 'script':
    case 'flow':
    case 'identity':
      return [];
  }
};

/** Whether a module is one job of its own. */
export const isLeaf = (value: FlowModule['value']): value is LeafValue =>
  value.type === 'rawscript' || value.type === 'script' || value.type === 'flow';
