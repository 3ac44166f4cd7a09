import { z } from 'zod';
import { contract, jsonAnswer, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { MemberAnswer } from './members.ts';
import { InWorkspace } from './params.ts';

const GlobalUserInfo = z.object({
  email: z.string(),
  login_type: z.literal('password'),
  super_admin: z.boolean(),
  devops: z.boolean(),
  verified: z.boolean(),
  name: z.string(),
  username: z.string(),
  operator_only: z.boolean(),
  first_time_user: z.boolean(),
  role_source: z.literal('manual'),
  disabled: z.boolean(),
  workspace_id: z.string().optional(),
});

export const globalWhoami = contract({
  id: 'globalWhoami',
  method: 'GET',
  path: '/users/whoami',
  summary: 'Who the caller is',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, GlobalUserInfo),
  access: { needs: 'login' },
});

export const getCurrentEmail = contract({
  id: 'getCurrentEmail',
  method: 'GET',
  path: '/users/email',
  summary: "The caller's email",
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'login' },
});

export const whoami = contract({
  id: 'whoami',
  method: 'GET',
  path: '/w/{workspace}/users/whoami',
  summary: 'Who the caller is in this workspace',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, MemberAnswer),
  access: { needs: 'workspace', right: 'read' },
});
