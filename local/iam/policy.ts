import { z } from 'zod';
import { isKnownOperator } from './conditions.ts';

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const value = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
const values = z.union([value.transform((one) => [one]), z.array(value)]);

const Condition = z.record(
  z.string().refine(isKnownOperator, { error: (issue) => `unknown condition operator ${String(issue.input)}` }),
  z.record(z.string(), values),
);

const Principal = z.union([
  z.literal('*').transform(() => ({ AWS: ['*'] })),
  z.strictObject({
    AWS: list.optional(),
    Service: list.optional(),
    CanonicalUser: list.optional(),
    Federated: list.optional(),
  }),
]);

const noVariable = (patterns: string[] | undefined): boolean => !(patterns ?? []).some((text) => text.includes('${'));

/** One statement. Exactly one of Action and NotAction; policy variables (`${aws:…}`) are refused, not ignored. */
export const Statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: list.optional(),
    NotAction: list.optional(),
    Resource: list.optional(),
    NotResource: list.optional(),
    Principal: Principal.optional(),
    NotPrincipal: z.never().optional(),
    Condition: Condition.optional(),
  })
  .refine((statement) => (statement.Action === undefined) !== (statement.NotAction === undefined), {
    error: 'exactly one of Action and NotAction is needed',
  })
  .refine((statement) => noVariable(statement.Resource) && noVariable(statement.NotResource), {
    error: 'policy variables are not known to the local cloud',
  });
export type Statement = z.infer<typeof Statement>;

const PolicyDocument = z.strictObject({
  Version: z.literal('2012-10-17').optional(),
  Id: z.string().optional(),
  Statement: z.union([Statement.transform((one) => [one]), z.array(Statement)]),
});

/** The statements of a policy document whose intrinsics are resolved. Throws naming `where` when a part is not understood. */
export const parsePolicy = (document: unknown, where: string): Statement[] => {
  const parsed = PolicyDocument.safeParse(document);
  if (parsed.success) return parsed.data.Statement;
  throw new Error(`policy of ${where}: ${z.prettifyError(parsed.error)}`);
};
