import { Client } from '../client.ts';
import type { Millrace } from '../millrace.ts';

/** A user of the instance, logged in by his password. */
export const person = async (millrace: Millrace, email: string): Promise<Client> => {
  const password = `the password of ${email}`;
  await millrace.text('POST', '/users/create', 201, { email, password });
  const token = await millrace.text('POST', '/auth/login', 200, { email, password });
  return new Client(millrace.url, token);
};

/** The same, as a member of the workspace `demo`. */
export const memberOfDemo = async (millrace: Millrace, email: string, more: object = {}): Promise<Client> => {
  await millrace.text('POST', '/w/demo/workspaces/add_user', 201, { email, ...more });
  return person(millrace, email);
};

/** Asks again until the answer has this status: rights are at most 5 s old. */
export const eventually = async (status: number, ask: () => Promise<Response>, withinMs = 8_000): Promise<void> => {
  const until = Date.now() + withinMs;
  let last = 0;
  while (Date.now() < until) {
    const response = await ask();
    await response.text();
    last = response.status;
    if (last === status) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`still ${last} instead of ${status} after ${withinMs} ms`);
};
