import type { TokenStore, UserPrincipal } from './principal.ts';

const KNOWN_FOR_MS = 5_000;
const UNKNOWN_FOR_MS = 1_000;
const CACHE_ENTRIES = 1_000;

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
