import type { Access } from '../access/decide.ts';
import type { AttemptTokenVerifier, Caller, TokenStore, UserPrincipal } from '../access/principal.ts';
import { sha256Hex } from '../model/ids.ts';
import type { HttpRequest } from './request.ts';

/** Job tokens begin with this; all others are looked up by their hash. */
export const JOB_TOKEN_PREFIX = 'jwt_';

const KNOWN_FOR_MS = 5_000;
const UNKNOWN_FOR_MS = 1_000;
const CACHE_ENTRIES = 1_000;

/** The token of a request: `Authorization: Bearer`, else `?token=`, else the cookie `token`. */
export const tokenOf = (request: Pick<HttpRequest, 'headers' | 'query' | 'cookies'>): string | undefined => {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  if (request.query.token !== undefined) return request.query.token;
  const cookies = [...request.cookies, ...(request.headers.cookie ?? '').split(';')];
  const cookie = cookies.map((text) => text.trim()).find((text) => text.startsWith('token='));
  return cookie === undefined ? undefined : decodeURIComponent(cookie.slice('token='.length));
};

/**
 * Remembers what a token store answered: 5 s for a known token, so a revoked one dies within that; 1 s for an unknown
 * one. Keeps at most 1,000 answers, dropping the oldest.
 */
export const cachedTokens = (store: TokenStore): TokenStore => {
  const answers = new Map<string, { until: number; principal: UserPrincipal | undefined }>();
  return {
    find: async (sha256, now) => {
      const known = answers.get(sha256);
      if (known !== undefined && known.until > now) return known.principal;
      const principal = await store.find(sha256, now);
      answers.delete(sha256);
      answers.set(sha256, { until: now + (principal === undefined ? UNKNOWN_FOR_MS : KNOWN_FOR_MS), principal });
      const oldest = answers.size > CACHE_ENTRIES ? answers.keys().next().value : undefined;
      if (oldest !== undefined) answers.delete(oldest);
      return principal;
    },
  };
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
