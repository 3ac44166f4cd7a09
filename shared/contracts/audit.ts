import { z } from 'zod';
import { contract, jsonAnswer, noBody } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Page, PerPage, Time } from './query-values.ts';

export const listAuditLogs = contract({
  id: 'listAuditLogs',
  method: 'GET',
  path: '/w/{workspace}/audit/list',
  summary: 'Who did what, newest first: admins see all, others what they did themselves',
  params: InWorkspace,
  query: z.object({
    page: Page.default(1),
    per_page: PerPage.default(30),
    before: Time.optional(),
    after: Time.optional(),
    username: z.string().optional(),
    operation: z.string().optional(),
    resource: z.string().optional(),
    action_kind: z.enum(['Created', 'Updated', 'Delete', 'Execute']).optional(),
  }),
  body: noBody,
  answer: jsonAnswer(
    200,
    z.array(
      z.object({
        workspace_id: z.string(),
        id: z.number(),
        timestamp: z.string(),
        username: z.string(),
        operation: z.string(),
        action_kind: z.string(),
        resource: z.string().optional(),
        parameters: z.record(z.string(), z.string()),
      }),
    ),
  ),
  access: { needs: 'workspace', right: 'read' },
});
