import { z } from 'zod';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { NewPassword, OfEmail } from './params.ts';

const Email = z.email().max(255);

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

export const globalUsernameInfo = contract({
  id: 'globalUsernameInfo',
  method: 'GET',
  path: '/users/username_info/{email}',
  summary: 'The names of a user: that of the instance, and that in each workspace he is in',
  params: OfEmail,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(
    200,
    z.object({
      username: z.string(),
      workspace_usernames: z.array(z.object({ workspace_id: z.string(), username: z.string() })),
    }),
  ),
  access: { needs: 'superadmin' },
});

export const leaveInstance = contract({
  id: 'leaveInstance',
  method: 'POST',
  path: '/users/leave_instance',
  summary: 'Remove oneself; neither the last superadmin nor the last admin of a workspace may',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});
