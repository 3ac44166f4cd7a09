import type { Access } from '../access/decide.ts';
import type { Sight } from '../access/job-visibility.ts';
import type { Caller, ControlPrincipal, Principal } from '../access/principal.ts';
import type { Standing } from '../access/standing.ts';
import { type Contract, type Method, parsePart } from '../contracts/contract.ts';
import type { AuditNote } from '../model/audit.ts';
import { Problem } from '../model/errors.ts';
import type { HttpRequest } from './request.ts';

/** What a route gets: every part parsed by its contract. `now` is in milliseconds since 1970. */
type Input<C, S, P, Q, B> = {
  principal: C;
  /** What the caller is in the workspace of the path; undefined where the path names none. */
  standing: S;
  /** By what a job may be shown to the caller. */
  sight: Sight;
  params: P;
  query: Q;
  body: B;
  request: HttpRequest;
  now: number;
};

/** What a route answers, and what the audit log shall add; `status` and `headers` only where they differ from the contract. */
export type Output<A> = { body: A; status?: number; headers?: Record<string, string>; audit?: AuditNote };

/** A body that is whole, or sent in the pieces it comes in. */
export type Pieces = string | AsyncIterable<string | Uint8Array>;

/** An answer as it goes to the wire. */
export type Reply = {
  status: number;
  headers: Record<string, string>;
  body: Pieces;
  /** Never sent. */
  audit?: AuditNote;
};

/** A request that was routed and allowed, its parts not yet parsed. */
type Routed = {
  caller: Caller | undefined;
  standing: Standing | undefined;
  /** The job that the caller's link shows. */
  link: string | undefined;
  params: Record<string, string>;
  request: HttpRequest;
  now: number;
};

/** A contract with what answers it. */
export type Route = {
  contract: { id: string; method: Method; path: string; access: Access; pathsInBody?: true; unaudited?: true };
  run: (routed: Routed) => Promise<Reply>;
};

type Answerer<C, S, P, Q, B, A> = (input: Input<C, S, P, Q, B>) => Promise<Output<A>> | Output<A>;

const bind = <C, S, P, Q, B, A>(
  contract: Contract<P, Q, B, A>,
  who: { principalOf: (caller: Caller | undefined) => C; standingOf: (standing: Standing | undefined) => S },
  answer: Answerer<C, S, P, Q, B, A>,
): Route => ({
  contract,
  run: async ({ caller, standing, link, params, request, now }) => {
    const output = await answer({
      principal: who.principalOf(caller),
      standing: who.standingOf(standing),
      sight: { standing, link },
      params: parsePart('path', contract.params, params),
      query: parsePart('query', contract.query, request.query),
      body: contract.body.parse(request.body),
      request,
      now,
    });
    return {
      status: output.status ?? contract.answer.status,
      headers: { 'content-type': contract.answer.type, ...output.headers },
      body: contract.answer.encode(output.body),
      ...(output.audit === undefined ? {} : { audit: output.audit }),
    };
  },
});

const unauthorized = (): Problem => new Problem(401, 'Unauthorized: a valid token is needed');

const principalOf = (caller: Caller | undefined): Principal => {
  if (caller === undefined || caller.kind === 'control') throw unauthorized();
  return caller;
};

const nothing = (): undefined => undefined;

/** Binds a contract of a workspace: for somebody (a user or a running job) who is something there. */
export const route = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'workspace' } },
  answer: Answerer<Principal, Standing, P, Q, B, A>,
): Route =>
  bind(
    contract,
    {
      principalOf,
      standingOf: (standing) => {
        if (standing === undefined) throw unauthorized();
        return standing;
      },
    },
    answer,
  );

/** Binds a contract that a link to a job opens as well: for somebody who may be nobody in the workspace. */
export const linkRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'workspace'; right: 'read'; orViewToken: true } },
  answer: Answerer<undefined, undefined, P, Q, B, A>,
): Route => bind(contract, { principalOf: nothing, standingOf: nothing }, answer);

/** Binds a contract of the instance that needs somebody logged in. */
export const instanceRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'login' | 'account' | 'superadmin' } },
  answer: Answerer<Principal, undefined, P, Q, B, A>,
): Route => bind(contract, { principalOf, standingOf: nothing }, answer);

/** Binds a contract that anybody may call. */
export const openRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'nothing' } },
  answer: Answerer<undefined, undefined, P, Q, B, A>,
): Route => bind(contract, { principalOf: nothing, standingOf: nothing }, answer);

/** Binds a contract that only the runner of an attempt may call. */
export const controlRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'control-token' } },
  answer: Answerer<ControlPrincipal, undefined, P, Q, B, A>,
): Route =>
  bind(
    contract,
    {
      principalOf: (caller) => {
        if (caller?.kind !== 'control') throw unauthorized();
        return caller;
      },
      standingOf: nothing,
    },
    answer,
  );
