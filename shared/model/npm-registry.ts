import { z } from 'zod';

/** Where npm packages come from; without a `url`, from where bun takes them by itself. */
export const NpmRegistry = z.object({ url: z.url({ protocol: /^https?$/ }).optional(), token: z.string().optional() });
export type NpmRegistry = z.infer<typeof NpmRegistry>;

/** Whether the setting `npm_config_registry` may have this value. */
export const isNpmRegistry = (setting: string): boolean => NpmRegistry.safeParse(partsOf(setting)).success;

/** Reads that setting as Windmill does: a URL, or `URL:_authToken=token`. Unset or empty, it is the public one, as bun knows it. */
export const parseNpmRegistry = (setting: string | undefined): NpmRegistry => NpmRegistry.parse(partsOf(setting ?? ''));

const partsOf = (setting: string): NpmRegistry => {
  const [url = '', token] = setting.trim().split(':_authToken=');
  if (url === '') return {};
  return token === undefined ? { url } : { url, token };
};

/** What of it may stand in no log: its token, and a password as it is written in a URL and as it is meant. */
export const secretsOfRegistry = ({ url, token }: NpmRegistry): string[] => {
  const password = url === undefined ? '' : new URL(url).password;
  return [
    ...(token === undefined ? [] : [token]),
    ...(password === '' ? [] : [password, decodeURIComponent(password)]),
  ];
};
