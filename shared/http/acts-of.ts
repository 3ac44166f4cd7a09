import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import type { Act } from '../access/scopes.ts';
import { actOf } from '../contracts/act.ts';
import type { Method } from '../contracts/contract.ts';
import { badRequest } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';

const Named = z.object({
  path: z.string().optional().catch(undefined),
  paths: z.array(z.string()).optional().catch(undefined),
});

/** No request names more things at once: each is decided, and told in the audit log, by itself. */
const MOST_PATHS = 1_000;

/** The paths that a body names. What is no JSON, or names none, is for the contract to refuse. */
const pathsIn = (body: Uint8Array): string[] => {
  const parsed = parseJson(new TextDecoder().decode(body));
  const named = parsed.ok ? Named.safeParse(parsed.value) : undefined;
  return named?.success
    ? [...(named.data.path === undefined ? [] : [named.data.path]), ...(named.data.paths ?? [])]
    : [];
};

/**
 * What a request does, in the words of scopes: one act for each path that it names, in its URL and (where the contract
 * says so) in its body. At least one; more than 1,000 are a 400.
 */
export const actsOf = (
  stated: { method: Method; path: string; access: Access; pathsInBody?: true },
  params: Record<string, string>,
  body: Uint8Array | undefined,
): Act[] => {
  const act = actOf(stated, params);
  if (stated.pathsInBody !== true || body === undefined) return [act];
  const paths = new Set([...(act.path === undefined ? [] : [act.path]), ...pathsIn(body)]);
  if (paths.size > MOST_PATHS) throw badRequest(`Bad request: body paths: names more than ${MOST_PATHS}`);
  return paths.size === 0 ? [act] : [...paths].map((path) => ({ ...act, path }));
};
