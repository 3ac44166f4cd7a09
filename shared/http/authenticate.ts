import type { Access } from '../access/decide.ts';
import type { AttemptTokenVerifier, Caller, TokenStore } from '../access/principal.ts';
import { JOB_TOKEN_PREFIX } from '../model/attempt-claims.ts';
import { sha256Hex } from '../model/ids.ts';
import type { HttpRequest } from './request.ts';

/**
 * The token of a request: `Authorization: Bearer`, else `?token=`, else the cookie `token`. A browser that another site made
 * send a request says so (`Sec-Fetch-Site`): its cookie is not looked at then.
 */
export const tokenOf = (request: Pick<HttpRequest, 'headers' | 'query' | 'cookies'>): string | undefined => {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  if (request.query.token !== undefined) return request.query.token;
  if (['cross-site', 'same-site'].includes(request.headers['sec-fetch-site'] ?? '')) return undefined;
  const cookies = [...request.cookies, ...(request.headers.cookie ?? '').split(';')];
  const cookie = cookies.map((text) => text.trim()).find((text) => text.startsWith('token='));
  // Tokens are made of letters, digits, - and _: nothing in them is ever encoded.
  return cookie?.slice('token='.length);
};

/** Finds out who asks. Undefined: no token, or none that is good for a contract with this rule. */
export const authenticate = async (
  deps: { tokens: TokenStore; attempts: AttemptTokenVerifier },
  access: Access,
  request: HttpRequest,
  now: number,
): Promise<Caller | undefined> => {
  if (access.needs === 'nothing') return undefined;
  const token = tokenOf(request);
  if (token === undefined) return undefined;
  if (access.needs === 'control-token') return deps.attempts.verifyControlToken(token, now);
  if (token.startsWith(JOB_TOKEN_PREFIX)) return deps.attempts.verifyJobToken(token, now);
  return deps.tokens.find(await sha256Hex(token), now);
};
