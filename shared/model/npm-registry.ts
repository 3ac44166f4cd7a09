import { z } from 'zod';
import { badRequest } from './errors.ts';

/** Where npm packages come from. */
export const NpmRegistry = z.object({ url: z.url({ protocol: /^https?$/ }), token: z.string().optional() });
export type NpmRegistry = z.infer<typeof NpmRegistry>;

const PUBLIC: NpmRegistry = { url: 'https://registry.npmjs.org/' };

/**
 * Reads the setting `npm_config_registry` as Windmill does: a URL, or `URL:_authToken=token`. Unset or empty, it is npm's
 * own registry. Throws 400 when it is neither.
 */
export const parseNpmRegistry = (setting: string | undefined): NpmRegistry => {
  const text = setting?.trim() ?? '';
  if (text === '') return PUBLIC;
  const [url = '', token] = text.split(':_authToken=');
  const read = NpmRegistry.safeParse(token === undefined ? { url } : { url, token });
  if (read.success) return read.data;
  throw badRequest('npm_config_registry: must be a URL such as https://npm.example.com/, or URL:_authToken=token');
};
