import { z } from 'zod';

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
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** An id that grows with `now`; of one millisecond, `random` (0 to 1) tells a thousand apart. */
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
