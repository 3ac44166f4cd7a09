import type { Answer, Api, Sent } from './api.ts';

/** Somebody who calls the API with his own token. */
export type Person = {
  token: string;
  call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  status: (method: string, path: string, body?: unknown) => Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
  json: (method: string, path: string, body?: unknown) => Promise<any>;
};

const holderOf = (api: Api, token: string): Person => {
  const sent = (body: unknown): Sent => ({ token, ...(body === undefined ? {} : { body }) });
  const call = (method: string, path: string, body?: unknown) => api.call(method, path, sent(body));
  return {
    token,
    call,
    status: async (method, path, body) => (await call(method, path, body)).status,
    json: (method, path, body) => api.json(method, path, sent(body)),
  };
};

/** A member of the workspace `demo`, logged in by his password. */
export const memberOf = async (api: Api, name: string, more: object = {}): Promise<Person> => {
  const [email, password] = [`${name}@x.io`, `the password of ${name}`];
  await api.call('POST', '/users/create', { body: { email, password } });
  await api.call('POST', '/w/demo/workspaces/add_user', { body: { email, ...more } });
  return holderOf(api, (await api.call('POST', '/auth/login', { token: null, body: { email, password } })).text);
};

/** The same person with a token that may do only this. */
export const withScopes = async (api: Api, person: Person, scopes: string[]): Promise<Person> =>
  holderOf(api, (await person.call('POST', '/users/tokens/create', { scopes })).text);
