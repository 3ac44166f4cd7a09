import type { Access } from '../access/decide.ts';
import type { Caller, ControlPrincipal, Principal } from '../access/principal.ts';
import { type Contract, type Method, parsePart } from '../contracts/contract.ts';
import { Problem } from '../model/errors.ts';
import type { HttpRequest } from './request.ts';

/** What a route gets: every part parsed by its contract. `now` is in milliseconds since 1970. */
type Input<C, P, Q, B> = {
  principal: C;
  params: P;
  query: Q;
  body: B;
  request: HttpRequest;
  now: number;
};

/** What a route answers; `status` and `headers` only where they differ from the contract. */
export type Output<A> = { body: A; status?: number; headers?: Record<string, string> };

/** An answer as it goes to the wire. */
export type Reply = {
  status: number;
  headers: Record<string, string>;
  body: string | AsyncIterable<string | Uint8Array>;
};

/** A request that was routed and allowed, its parts not yet parsed. */
type Routed = { caller: Caller | undefined; params: Record<string, string>; request: HttpRequest; now: number };

/** A contract with what answers it. */
export type Route = {
  contract: { id: string; method: Method; path: string; access: Access };
  run: (routed: Routed) => Promise<Reply>;
};

type Answerer<C, P, Q, B, A> = (input: Input<C, P, Q, B>) => Promise<Output<A>> | Output<A>;

const bind = <C, P, Q, B, A>(
  contract: Contract<P, Q, B, A>,
  principalOf: (caller: Caller | undefined) => C,
  answer: Answerer<C, P, Q, B, A>,
): Route => ({
  contract,
  run: async ({ caller, params, request, now }) => {
    const output = await answer({
      principal: principalOf(caller),
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
    };
  },
});

const unauthorized = (): Problem => new Problem(401, 'Unauthorized: a valid token is needed');

/** Binds a contract that needs somebody logged in (a user or a running job). */
export const route = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'login' | 'account' | 'superadmin' | 'workspace' } },
  answer: Answerer<Principal, P, Q, B, A>,
): Route =>
  bind(
    contract,
    (caller) => {
      if (caller === undefined || caller.kind === 'control') throw unauthorized();
      return caller;
    },
    answer,
  );

/** Binds a contract that anybody may call. */
export const openRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'nothing' } },
  answer: Answerer<undefined, P, Q, B, A>,
): Route => bind(contract, () => undefined, answer);

/** Binds a contract that only the runner of an attempt may call. */
export const controlRoute = <P, Q, B, A>(
  contract: Contract<P, Q, B, A> & { access: { needs: 'control-token' } },
  answer: Answerer<ControlPrincipal, P, Q, B, A>,
): Route =>
  bind(
    contract,
    (caller) => {
      if (caller?.kind !== 'control') throw unauthorized();
      return caller;
    },
    answer,
  );
