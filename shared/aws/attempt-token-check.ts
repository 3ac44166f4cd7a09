import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { AttemptClaims } from '../model/attempt-claims.ts';
import { parseJson } from '../model/json.ts';

/**
 * The claims of a token that one of `publicKeys` (JWK `x` values) signed for `audience` and that has not expired at
 * `now`; undefined for anything else. The algorithm is fixed: what the token's header says of it is not looked at.
 */
export const checkAttemptToken = (
  token: string,
  audience: AttemptClaims['aud'],
  publicKeys: string[],
  now: number,
): AttemptClaims | undefined => {
  const [header, payload, signature, ...more] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined;
  const body = Buffer.from(`${header}.${payload}`);
  const mark = Buffer.from(signature, 'base64url');
  if (!publicKeys.some((x) => verify(null, body, publicKey(x), mark))) return undefined;
  const json = parseJson(Buffer.from(payload, 'base64url').toString());
  const claims = json.ok ? AttemptClaims.safeParse(json.value).data : undefined;
  return claims !== undefined && claims.aud === audience && claims.exp * 1000 > now ? claims : undefined;
};

const keys = new Map<string, KeyObject>();

const publicKey = (x: string): KeyObject => {
  const known = keys.get(x);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  keys.set(x, key);
  return key;
};
