import { z } from 'zod';

/** Where npm packages come from. */
export const NpmRegistry = z.object({ url: z.url({ protocol: /^https?$/ }), token: z.string().optional() });
export type NpmRegistry = z.infer<typeof NpmRegistry>;

const PUBLIC: NpmRegistry = { url: 'https://registry.npmjs.org/' };

/** Whether the setting `npm_config_registry` may have this value. */
export const isNpmRegistry = (setting: string): boolean => NpmRegistry.safeParse(partsOf(setting)).success;

/** Reads that setting as Windmill does: a URL, or `URL:_authToken=token`. Unset or empty, it is npm's own registry. */
export const parseNpmRegistry = (setting: string | undefined): NpmRegistry => NpmRegistry.parse(partsOf(setting ?? ''));

const partsOf = (setting: string): NpmRegistry => {
  const [url = '', token] = setting.trim().split(':_authToken=');
  if (url === '') return PUBLIC;
  return token === undefined ? { url } : { url, token };
};

/** What of it may stand in no log: its token, and a password as it is written in a URL and as it is meant. */
export const secretsOfRegistry = ({ url, token }: NpmRegistry): string[] => {
  const { password } = new URL(url);
  return [
    ...(token === undefined ? [] : [token]),
    ...(password === '' ? [] : [password, decodeURIComponent(password)]),
  ];
};
