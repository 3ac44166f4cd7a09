import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { Grantee } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';

const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;

/** Things that hold grants of their own: `path` is the path of an item, or the name of a folder or group. */
const OfThing = z.object({
  workspace: WorkspaceId,
  kind: z.enum(
    ['script', 'variable', 'resource', 'schedule', 'folder', 'group_'],
    'must be script, variable, resource, schedule, folder or group_',
  ),
  path: z.string().max(255),
});

export const getGranularAcls = contract({
  id: 'getGranularAcls',
  method: 'GET',
  path: '/w/{workspace}/acls/get/{kind}/{path+}',
  summary: 'The grants on one thing: true may write, false may read',
  params: OfThing,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.record(z.string(), z.boolean())),
  access: { needs: 'workspace', right: 'read' },
});

export const addGranularAcls = contract({
  id: 'addGranularAcls',
  method: 'POST',
  path: '/w/{workspace}/acls/add/{kind}/{path+}',
  summary: 'Grant somebody reading or writing of one thing that the caller owns',
  params: OfThing,
  query: NoQuery,
  body: jsonBody(z.object({ owner: Grantee, write: z.boolean().nullish() })),
  answer: textAnswer(200),
  access: mayWrite,
});

export const removeGranularAcls = contract({
  id: 'removeGranularAcls',
  method: 'POST',
  path: '/w/{workspace}/acls/remove/{kind}/{path+}',
  summary: 'Take a grant on one thing back',
  params: OfThing,
  query: NoQuery,
  body: jsonBody(z.object({ owner: Grantee })),
  answer: textAnswer(200),
  access: mayWrite,
});
