import { z } from 'zod';
import type { Job } from './job.ts';

/** One line of the audit log: who did what to what. Never holds a body, so no secret. Time in milliseconds since 1970. */
export const AuditEntry = z.object({
  /** Grows with time. */
  id: z.number(),
  workspace: z.string(),
  timestamp: z.number(),
  username: z.string(),
  email: z.string(),
  /** `<domain>.<what>`, such as `scripts.create`. */
  operation: z.string(),
  action_kind: z.enum(['Created', 'Updated', 'Delete', 'Execute']),
  resource: z.string().optional(),
  /** The job that asked, when it was one. */
  job: z.string().optional(),
  /** What else tells who did what: a launched job's id and whom it runs as. */
  parameters: z.record(z.string(), z.string()).optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** A line that has not found its place in the log yet. */
export type AuditLine = Omit<AuditEntry, 'id'> & { history?: AuditHistory };

/** What has a history of its own, read without the rest of the log: `group/<name>` or `folder/<name>`. */
export type AuditHistory = `group/${string}` | `folder/${string}`;

/** What a route adds to the line of its request, where path and caller do not tell it. */
export type AuditNote = Partial<Pick<AuditLine, 'workspace' | 'resource' | 'parameters' | 'history'>>;

/** An id that grows with `now`; of one millisecond, `random` (0 to 1) tells a thousand apart. A larger one is of a later millisecond. */
export const auditId = (now: number, random: number): number => now * 1000 + Math.floor(random * 1000);

const KINDS: [RegExp, AuditEntry['action_kind']][] = [
  [/create|^add|invite/, 'Created'],
  [/delete|remove/, 'Delete'],
  [/run|cancel|login|logout/, 'Execute'],
];

/** What kind of action an operation is, by its last word. */
export const actionKindOf = (operation: string): AuditEntry['action_kind'] => {
  const verb = operation.split('.').at(-1) ?? '';
  return KINDS.find(([words]) => words.test(verb))?.[1] ?? 'Updated';
};

/** The line that launching a job leaves: who launched it, and as whom it runs. A repeated request leaves one more. */
export const launchLine = (job: Job): AuditLine => ({
  workspace: job.workspace,
  timestamp: job.created_at,
  username: job.created_by,
  email: job.email,
  operation: `jobs.run.${job.kind}`,
  action_kind: 'Execute',
  ...(job.path === undefined ? {} : { resource: job.path }),
  parameters: {
    uuid: job.id,
    permissioned_as: job.permissioned_as,
    ...(job.hash === undefined ? {} : { hash: job.hash }),
  },
});
