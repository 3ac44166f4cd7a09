import type { FlowPlan } from '../../shared/flow/plan.ts';
import type { FlowModule } from '../../shared/model/flow-module.ts';
import type { StopAfterIf } from '../../shared/model/flow-step-options.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/model/json.ts';
import { computed, type Ended, type Outcome } from './flow-world.ts';

type Scope = Record<string, Json | undefined>;
type List = { input: JsonObject; iters: number[]; results?: JsonObject; failure?: FlowModule | undefined };
/** `stop`: a stop_after_if that ends the list too; `final`: a failure that is nobody's to mend; `fault`: one that no retry mends. */
type Went = {
  ok: boolean;
  result: Json;
  stop?: 'success' | 'skipped' | undefined;
  skipped?: boolean;
  final?: boolean;
  fault?: boolean;
};

/**
 * What a flow means, as plain recursion over its definition: no parts, no events, nothing that can be cut off. It shares with
 * the machine the definition and how an expression is computed, and nothing else.
 */
export class NaiveFlow {
  readonly trace: string[] = [];
  readonly #runs = new Map<string, number>();
  readonly #outcome: Outcome;

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
  }

  run(plan: FlowPlan, args: JsonObject): Ended {
    const { results, ...end } = this.#list(plan.modules, {
      input: args,
      iters: [],
      failure: plan.failure_module ?? undefined,
    });
    return end;
  }

  #list(modules: FlowModule[], list: List): Ended & { results: JsonObject } {
    const results: JsonObject = { ...list.results };
    let previous: Json = list.input;
    for (const module of modules) {
      const went = this.#attempts(module, list, { flow_input: list.input, results, previous_result: previous });
      previous = went.result;
      results[module.id] = went.result;
      if (went.ok && went.stop !== undefined) return { status: went.stop, result: went.result, stopped: true, results };
      if (went.ok || (module.continue_on_error && !went.final)) continue;
      if (list.failure === undefined || went.final) return { status: 'failure', result: went.result, results };
      const error = isJsonObject(went.result) ? went.result.error : undefined;
      const scope = { flow_input: list.input, results, previous_result: went.result, error };
      return { status: 'failure', result: this.#attempts(list.failure, list, scope).result, results };
    }
    return { status: 'success', result: previous, results };
  }

  #attempts(module: FlowModule, list: List, scope: Scope): Went {
    let went = this.#once(module, list, scope);
    for (
      let left = module.retry?.constant?.attempts ?? 0;
      left > 0 && !went.ok && !went.final && !went.fault;
      left -= 1
    )
      went = this.#once(module, list, scope);
    return went;
  }

  #once(module: FlowModule, list: List, scope: Scope): Went {
    if (module.skip_if && computed({ type: 'javascript', expr: module.skip_if.expr }, scope))
      return { ok: true, result: null, skipped: true };
    const went = module.mock?.enabled
      ? { ok: true, result: module.mock.return_value ?? null }
      : this.#value(module, list, scope);
    if (!went.ok) return went;
    const loop = module.value.type === 'forloopflow' || module.value.type === 'whileloopflow';
    const stop = this.#stop(
      loop ? module.stop_after_all_iters_if : module.stop_after_if,
      module.id,
      went.result,
      scope,
    );
    return stop.error === undefined
      ? { ...went, stop: went.stop ?? stop.as }
      : { ok: false, result: stop.error, final: true };
  }

  #stop(
    stop: StopAfterIf | null | undefined,
    step_id: string,
    result: Json,
    scope: Scope,
  ): { as?: 'success' | 'skipped'; error?: Json } {
    if (!stop || !computed({ type: 'javascript', expr: stop.expr }, { ...scope, result })) return {};
    if (typeof stop.error_message === 'string')
      return { error: { error: { name: 'EarlyStopError', message: stop.error_message, step_id } } };
    return { as: stop.skip_if_stopped ? 'skipped' : 'success' };
  }

  #value(module: FlowModule, list: List, scope: Scope): Went {
    const { value } = module;
    switch (value.type) {
      case 'identity':
        return { ok: true, result: scope.previous_result ?? null };
      case 'script':
      case 'rawscript':
      case 'flow':
        return this.#leaf(module, list, scope);
      case 'branchone': {
        const chosen = value.branches.find(({ expr }) => computed({ type: 'javascript', expr }, scope));
        const modules = chosen?.modules ?? value.default;
        if (modules.length === 0) return { ok: true, result: scope.previous_result ?? null };
        const end = this.#inner(modules, list, scope);
        if (end.status === 'failure') return { ok: false, result: end.result };
        return {
          ok: true,
          result: end.result,
          stop: end.stopped ? (end.status === 'skipped' ? 'skipped' : 'success') : undefined,
        };
      }
      case 'branchall':
        return this.#all(
          value.branches.map(({ modules, skip_failure }) => [modules, skip_failure === true]),
          value.parallel === true,
          list,
          scope,
        );
      case 'forloopflow':
      case 'whileloopflow':
        return this.#loop(module, list, scope);
    }
  }

  #inner(modules: FlowModule[], { input, iters }: List, { results = {} }: Scope): Ended {
    return this.#list(modules, { input, iters, ...(isJsonObject(results) ? { results } : {}) });
  }

  #all(branches: [FlowModule[], boolean][], parallel: boolean, list: List, scope: Scope): Went {
    const results: Json[] = [];
    let failed: Json | undefined;
    for (const [modules, skips] of branches) {
      const end = this.#inner(modules, list, scope);
      results.push(end.result);
      if (end.status !== 'failure' || skips) continue;
      failed ??= end.result;
      if (!parallel) break;
    }
    return failed === undefined ? { ok: true, result: results } : { ok: false, result: failed };
  }

  #loop(module: FlowModule, list: List, scope: Scope): Went {
    const { value } = module;
    if (value.type !== 'forloopflow' && value.type !== 'whileloopflow') throw new Error('not a loop');
    const items = value.type === 'forloopflow' ? computed(value.iterator, scope) : undefined;
    const parallel = value.type === 'forloopflow' && value.parallel === true;
    const len = Array.isArray(items) ? items.length : Number.POSITIVE_INFINITY;
    const given: Json[] = [];
    let failed: Json | undefined;
    const around = isJsonObject(scope.results ?? null) ? (scope.results as JsonObject) : {};
    let before: JsonObject = {};
    for (let index = 0; index < len; index += 1) {
      const item = Array.isArray(items) ? (items[index] ?? null) : index;
      const outer = list.input.iter === undefined ? [] : [list.input.iter];
      const iters = Array.isArray(list.input.iters) ? list.input.iters : [];
      const input = { ...list.input, iters: [...iters, ...outer], iter: { index, value: item } };
      const results = { ...around, ...(value.type === 'whileloopflow' ? before : {}) };
      const end = this.#list(value.modules, { input, iters: [...list.iters, index], results });
      given.push(end.result);
      before = Object.fromEntries(
        value.modules.flatMap(({ id }) => (end.results[id] === undefined ? [] : [[id, end.results[id]]])),
      );
      if (end.status === 'failure') {
        if (value.skip_failures) continue;
        failed ??= end.result;
        if (!parallel) break;
        continue;
      }
      if (parallel) continue;
      const stop = this.#stop(module.stop_after_if, module.id, end.result, { ...scope, flow_input: input });
      if (stop.error !== undefined) return { ok: false, result: stop.error, final: true };
      if (stop.as !== undefined || end.stopped) break;
    }
    return failed === undefined ? { ok: true, result: given } : { ok: false, result: failed };
  }

  #leaf({ id, value }: FlowModule, { iters }: List, scope: Scope): Went {
    const transforms = value.type === 'script' ? (value.input_transforms ?? {}) : {};
    let args: JsonObject;
    try {
      args = Object.fromEntries(Object.entries(transforms).map(([name, input]) => [name, computed(input, scope)]));
    } catch (error) {
      return { ok: false, result: { error: { name: 'FlowError', message: String(error), step_id: id } }, fault: true };
    }
    const address = `${id}@${iters.join('.')}`;
    const run = this.#runs.get(address) ?? 0;
    this.#runs.set(address, run + 1);
    this.trace.push(`${address}#${run}`);
    const outcome = this.#outcome({ address, run, args, due: 0 }, id);
    return outcome.ok ? { ok: true, result: outcome.value } : { ok: false, result: { error: outcome.value } };
  }
}
