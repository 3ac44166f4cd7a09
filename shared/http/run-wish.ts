import type { Principal } from '../access/principal.ts';
import type { Standing } from '../access/standing.ts';
import type { Contract } from '../contracts/contract.ts';
import type { Preview, RunQuery } from '../contracts/run.ts';
import type { RunWish, Wanted } from '../jobs/plan-run.ts';
import type { JobStore } from '../jobs/ports.ts';
import { type ArgsUploadDeps, type TakenArgs, takeArgs } from '../jobs/uploaded-args.ts';
import { visibleJob } from '../jobs/visible-job.ts';
import { badRequest } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { HttpRequest } from './request.ts';
import { type Output, type Route, route } from './route.ts';
import { argsOf } from './run-args.ts';

type RunInput<Q extends RunQuery = RunQuery> = {
  principal: Principal;
  standing: Standing;
  params: { workspace: string };
  query: Q;
  request: HttpRequest;
  now: number;
};

/** What a run route needs besides what answers it. */
export type RunDeps = ArgsUploadDeps & { jobs: Pick<JobStore, 'get'> };

const OWN_ARGS = ['payload', 'raw', 'wrap_body', 'include_header', 'include_query'] as const;

/** Arguments that were uploaded before are taken as they are: what the request brings besides is refused. */
const uploadedArgs = async (deps: RunDeps, input: RunInput, ref: string, bringsArgs: boolean): Promise<TakenArgs> => {
  const other = OWN_ARGS.find((name) => input.query[name] !== undefined);
  if (bringsArgs || other !== undefined)
    throw badRequest(
      `Bad request: query args_ref: the arguments were uploaded, so ${other ?? 'the body'} cannot add any`,
    );
  if (input.query.job_id !== undefined || input.request.headers['idempotency-key'] !== undefined)
    throw badRequest('Bad request: query args_ref: is the id of the job already: leave out job_id and Idempotency-Key');
  const { principal, standing, params, now } = input;
  return takeArgs(deps, { workspace: params.workspace, id: ref }, { standing, email: principal.email }, now);
};

/** What a request to a run route asks for. `args` replaces those that the body would give. */
const wishOf = async (deps: RunDeps, input: RunInput, wanted: Wanted, args?: JsonObject): Promise<RunWish> => ({
  ...(await givenArgs(deps, input, args)),
  workspace: input.params.workspace,
  wanted,
  options: input.query,
  principal: input.principal,
  standing: input.standing,
  idempotencyKey: input.request.headers['idempotency-key'],
});

const givenArgs = async (deps: RunDeps, input: RunInput, args: JsonObject | undefined) => {
  const ref = input.query.args_ref;
  if (ref !== undefined) {
    const brings = args === undefined ? input.request.body.length > 0 : Object.keys(args).length > 0;
    const { id, ...given } = await uploadedArgs(deps, input, ref, brings);
    return { argsText: undefined, ...given, uploadedFor: id };
  }
  return args === undefined ? argsOf(input.request, input.query) : { args, argsText: undefined };
};

/** The code of a preview; throws 400 when the body holds none that can run. */
const codeWanted = (body: Preview): Wanted => {
  if (body.kind !== undefined && body.kind !== null && body.kind !== 'code')
    throw badRequest(`Bad request: body kind: ${body.kind} previews are not supported: send content and language`);
  if (body.script_hash !== undefined && body.script_hash !== null && !body.content)
    return { by: 'hash', hash: body.script_hash };
  if (!body.content) throw badRequest('Bad request: body content: the code to run is missing');
  if (!body.language) throw badRequest('Bad request: body language: say what the code is written in');
  return {
    by: 'code',
    code: body.content,
    language: body.language,
    path: body.path ?? undefined,
    tag: body.tag ?? undefined,
  };
};

type MayRun = { access: { needs: 'workspace'; right: 'run' } };
type OfWorkspace = { workspace: string };

/** The contracts of one way to run things: newest version, one version, code of the request. */
export type RunContracts<A, Q extends RunQuery = RunQuery> = {
  byPath: (Contract<OfWorkspace & { path: string }, Q, unknown, A> & MayRun)[];
  byHash: (Contract<OfWorkspace & { hash: string }, Q, unknown, A> & MayRun)[];
  byCode: (Contract<OfWorkspace, Q, Preview, A> & MayRun)[];
};

/**
 * Binds one way to run things: `answer` gets what is wanted, whichever route it came by. The jobs that a new one is said to
 * belong to are looked up first: they must be of this workspace, and the caller must be able to see them.
 */
export const runRoutes = <A, Q extends RunQuery>(
  deps: RunDeps,
  contracts: RunContracts<A, Q>,
  answer: (wish: RunWish, now: number, query: Q) => Promise<Output<A>>,
): Route[] => {
  const start = async (wish: RunWish, { now, query }: RunInput<Q>): Promise<Output<A>> => {
    for (const id of new Set([wish.options.parent_job, wish.options.root_job]))
      if (id !== undefined) await visibleJob(deps.jobs, wish.standing, { workspace: wish.workspace, id });
    return answer(wish, now, query);
  };
  return [
    ...contracts.byPath.map((contract) =>
      route(contract, async (input) =>
        start(await wishOf(deps, input, { by: 'path', path: input.params.path }), input),
      ),
    ),
    ...contracts.byHash.map((contract) =>
      route(contract, async (input) =>
        start(await wishOf(deps, input, { by: 'hash', hash: input.params.hash }), input),
      ),
    ),
    ...contracts.byCode.map((contract) =>
      route(contract, async (input) =>
        start(await wishOf(deps, input, codeWanted(input.body), input.body.args ?? {}), input),
      ),
    ),
  ];
};
