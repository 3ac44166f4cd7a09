import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { FolderName, GroupName } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, NoQuery, noBody } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Flag, Page, PerPage, Time, wholeNumber } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;

const AuditAnswer = z.object({
  workspace_id: z.string(),
  id: z.number(),
  timestamp: z.string(),
  username: z.string(),
  operation: z.string(),
  action_kind: z.string(),
  resource: z.string().optional(),
  parameters: z.record(z.string(), z.string()),
});

const Names = z.string().transform((text) => text.split(',').map((name) => name.trim()));
/** Lines say `Created`, clients ask for `Create`: both are taken. */
const ActionKind = z
  .enum(['Create', 'Created', 'Update', 'Updated', 'Delete', 'Execute'])
  .transform((kind) => (kind === 'Create' ? 'Created' : kind === 'Update' ? 'Updated' : kind));
const LineId = wholeNumber(0, Number.MAX_SAFE_INTEGER);

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
    /** Only lines with a lower id, so that the next batch costs no more than the first. */
    before_id: LineId.optional(),
    username: z.string().optional(),
    /** Begins so. */
    operation: z.string().optional(),
    /** One of these, exactly. */
    operations: Names.optional(),
    exclude_operations: Names.optional(),
    /** Begins so. */
    resource: z.string().optional(),
    action_kind: ActionKind.optional(),
    /** For superadmins, in the workspace `admins`. */
    all_workspaces: Flag.default(false),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.array(AuditAnswer)),
  access: mayRead,
});

export const getAuditLog = contract({
  id: 'getAuditLog',
  method: 'GET',
  path: '/w/{workspace}/audit/get/{id}',
  summary: 'One line of the audit log, for whoever sees it in the list',
  params: z.object({ workspace: WorkspaceId, id: LineId }),
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, AuditAnswer),
  access: mayRead,
});

const History = z.object({ id: z.number(), changed_by: z.string(), changed_at: z.string(), change_type: z.string() });
const Pages = z.object({ page: Page.default(1), per_page: PerPage.default(30) });

export const getGroupPermissionHistory = contract({
  id: 'getGroupPermissionHistory',
  method: 'GET',
  path: '/w/{workspace}/groups_history/get/{name}',
  summary: 'Who changed a group and its members, newest first: for its managers and admins',
  params: z.object({ workspace: WorkspaceId, name: GroupName }),
  query: Pages,
  body: noBody,
  answer: jsonAnswer(200, z.array(History.extend({ member_affected: z.string().nullable() }))),
  access: mayRead,
});

export const getFolderPermissionHistory = contract({
  id: 'getFolderPermissionHistory',
  method: 'GET',
  path: '/w/{workspace}/folders_history/get/{name}',
  summary: 'Who changed a folder and its grants, newest first: for its owners and admins',
  params: z.object({ workspace: WorkspaceId, name: FolderName }),
  query: Pages,
  body: noBody,
  answer: jsonAnswer(200, z.array(History.extend({ affected: z.string().nullable() }))),
  access: mayRead,
});
