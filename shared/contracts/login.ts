import { z } from 'zod';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { NewPassword } from './params.ts';
import { wholeNumber } from './query-values.ts';

export const login = contract({
  id: 'login',
  method: 'POST',
  path: '/auth/login',
  summary: 'Log in by email and password: answers a token good for three days, and sets it as a cookie',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ email: z.string().max(255), password: z.string().max(256) })),
  answer: textAnswer(200),
  access: { needs: 'nothing' },
});

export const logout = contract({
  id: 'logout',
  method: 'POST',
  path: '/auth/logout',
  summary: 'Revoke the token of this request',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});

/** A GET that changes something, as Windmill has it: the session's cookie never comes along from another site. */
export const refreshUserToken = contract({
  id: 'refreshUserToken',
  method: 'GET',
  path: '/users/refresh_token',
  summary: 'Renew the session of this request: answers its next token, and revokes this one within 5 s',
  params: NoParams,
  query: z.object({
    /** Nothing happens, and this same token is answered, while the session lives longer than that. */
    if_expiring_in_less_than_s: wholeNumber(0, 1_000_000_000).optional(),
  }),
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});

const asked = { method: 'GET' as const, params: NoParams, query: NoQuery, body: noBody };

export const isSmtpConfigured = contract({
  id: 'isSmtpConfigured',
  path: '/auth/is_smtp_configured',
  summary: 'Can this installation send mail? It never does',
  ...asked,
  answer: jsonAnswer(200, z.literal(false)),
  access: { needs: 'nothing' },
});

export const isPasswordLoginDisabled = contract({
  id: 'isPasswordLoginDisabled',
  path: '/auth/is_password_login_disabled',
  summary: 'Must one log in otherwise than by password? There is no other way',
  ...asked,
  answer: jsonAnswer(200, z.literal(false)),
  access: { needs: 'nothing' },
});

export const setPassword = contract({
  id: 'setPassword',
  method: 'POST',
  path: '/users/setpassword',
  summary: "Change the caller's password",
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ password: NewPassword })),
  answer: textAnswer(200),
  access: { needs: 'account' },
});
