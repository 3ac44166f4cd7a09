import type { Evaluated, Scope } from '../flow/asks.ts';
import { type Named, namesIn, ScopeName, simplePath } from '../model/flow-expression.ts';
import type { InputTransform } from '../model/flow-inputs.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { FlowJob, FlowReferences } from './flow-ports.ts';
import type { FlowResults } from './flow-results.ts';
import type { Evaluate } from './limit-ports.ts';

export type ExpressionDeps = { evaluate: Evaluate; references: FlowReferences };

/** Evaluates the inputs of steps. What an expression does not name is not fetched, and a plain path needs no engine. */
export class FlowExpressions {
  readonly #deps: ExpressionDeps;
  readonly #results: FlowResults;

  constructor(deps: ExpressionDeps, results: FlowResults) {
    this.#deps = deps;
    this.#results = results;
  }

  async evaluate(flow: FlowJob, input: InputTransform, scope: Scope): Promise<Evaluated> {
    if (input.type === 'static') return { ok: true, value: input.value ?? null };
    const [root, ...path] = simplePath(input.expr) ?? [];
    const named = namesIn(input.expr);
    const name = ScopeName.safeParse(root);
    if (name.success) return { ok: true, value: at(await this.#named(flow, name.data, scope, named), path) };
    const known: JsonObject = {};
    for (const name of ScopeName.options)
      if (named.has(name)) known[name] = (await this.#named(flow, name, scope, named)) ?? null;
    const variables = await this.#fetched(named.variables, (path) => this.#deps.references.variable(flow, path));
    const resources = await this.#fetched(named.resources, (path) => this.#deps.references.resource(flow, path));
    return this.#deps.evaluate(withLookups(input.expr), { ...known, [VARIABLES]: variables, [RESOURCES]: resources });
  }

  async #fetched(paths: string[], get: (path: string) => Promise<Json>): Promise<JsonObject> {
    const found: JsonObject = {};
    for (const path of paths) found[path] = await get(path);
    return found;
  }

  async #named(flow: FlowJob, name: ScopeName, scope: Scope, named: Named): Promise<Json | undefined> {
    switch (name) {
      case 'flow_input':
        return this.#results.input(flow, scope.iter);
      case 'flow_env':
        return flow.env;
      case 'results':
        return this.#resultsOf(flow, scope, named.results ?? flow.plan.modules.map(({ id }) => id));
      case 'previous_result':
        return scope.previous_result && this.#results.value(flow, scope.previous_result, scope.iter);
      case 'result':
        return scope.result && this.#results.value(flow, scope.result, scope.iter);
      case 'error':
        return this.#error(flow, scope);
      case 'resume':
      case 'resumes':
      case 'approvers':
        return this.#approvals(flow, name, scope);
    }
  }

  async #resultsOf(flow: FlowJob, { before }: Scope, ids: string[]): Promise<JsonObject> {
    const results: JsonObject = {};
    for (const id of ids) {
      const value =
        before?.id === id ? await this.#results.value(flow, before.result) : await this.#results.ofStep(flow, id);
      if (value !== undefined) results[id] = value;
    }
    return results;
  }

  async #error(flow: FlowJob, { error, failed_module }: Scope): Promise<Json | undefined> {
    const result = error && (await this.#results.value(flow, error));
    if (result === undefined || !isJsonObject(result)) return undefined;
    const of = result.error ?? null;
    return isJsonObject(of) && failed_module !== undefined ? { step_id: failed_module, ...of } : of;
  }

  async #approvals(
    flow: FlowJob,
    name: 'resume' | 'resumes' | 'approvers',
    { resumed }: Scope,
  ): Promise<Json | undefined> {
    if (resumed === undefined) return undefined;
    const given = await this.#deps.references.approvals(flow, resumed.module);
    if (name === 'approvers') return given.map(({ approver }) => approver);
    if (name === 'resumes') return given.map(({ payload }) => payload);
    return resumed.error === undefined ? (given.at(-1)?.payload ?? null) : { error: resumed.error };
  }
}

const VARIABLES = '__variables';
const RESOURCES = '__resources';

/** `variable('path')` and `resource('path')` find what was fetched: paths stand in the text of the expression. */
const withLookups = (expr: string): string => {
  const lookup = (name: string, from: string) =>
    `(path) => { if (Object.hasOwn(${from}, path)) return ${from}[path]; throw new Error(${JSON.stringify(`${name}() takes a path that stands in the expression itself: `)} + path); }`;
  return `((variable, resource) => (${expr}\n))(${lookup('variable', VARIABLES)}, ${lookup('resource', RESOURCES)})`;
};

/** What a path leads to; null where it leads nowhere. */
const at = (value: Json | undefined, path: string[]): Json => {
  let found: Json | undefined = value;
  for (const name of path)
    found =
      found !== undefined && found !== null && typeof found === 'object' && Object.hasOwn(found, name)
        ? new Map<string, Json>(Object.entries(found)).get(name)
        : undefined;
  return found ?? null;
};
