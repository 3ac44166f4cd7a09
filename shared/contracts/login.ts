import { z } from 'zod';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';

const Email = z.email().max(255);
/** As OWASP advises: long enough to be a phrase, short enough not to be an attack. */
const NewPassword = z.string().min(8, 'must be at least 8 characters').max(256);
const OfEmail = z.object({ email: z.string().max(255) });

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

export const createUserGlobally = contract({
  id: 'createUserGlobally',
  method: 'POST',
  path: '/users/create',
  summary: 'Make a user of the instance',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(
    z.object({
      email: Email,
      password: NewPassword.nullish(),
      super_admin: z.boolean().default(false),
      name: z.string().max(100).nullish(),
    }),
  ),
  answer: textAnswer(201),
  access: { needs: 'superadmin' },
});

export const listUsersAsSuperAdmin = contract({
  id: 'listUsersAsSuperAdmin',
  method: 'GET',
  path: '/users/list_as_super_admin',
  summary: 'All users of the instance',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(
    200,
    z.array(
      z.object({
        email: z.string(),
        login_type: z.literal('password'),
        super_admin: z.boolean(),
        verified: z.boolean(),
        name: z.string(),
        username: z.string(),
        disabled: z.boolean(),
      }),
    ),
  ),
  access: { needs: 'superadmin' },
});

export const globalUserUpdate = contract({
  id: 'globalUserUpdate',
  method: 'POST',
  path: '/users/update/{email}',
  summary: 'Change a user of the instance; what is left out stays',
  params: OfEmail,
  query: NoQuery,
  body: jsonBody(
    z.object({
      is_super_admin: z.boolean().nullish(),
      disabled: z.boolean().nullish(),
      name: z.string().max(100).nullish(),
      password: NewPassword.nullish(),
    }),
  ),
  answer: textAnswer(200),
  access: { needs: 'superadmin' },
});

export const globalUserDelete = contract({
  id: 'globalUserDelete',
  method: 'DELETE',
  path: '/users/delete/{email}',
  summary: 'Remove a user of the instance: his tokens die, and he leaves every workspace',
  params: OfEmail,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'superadmin' },
});

export const existsEmail = contract({
  id: 'existsEmail',
  method: 'GET',
  path: '/users/exists/{email}',
  summary: 'Is there a user of this email?',
  params: OfEmail,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.boolean()),
  access: { needs: 'superadmin' },
});
