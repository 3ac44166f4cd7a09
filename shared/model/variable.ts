import { z } from 'zod';
import { Problem } from './errors.ts';
import { Grants } from './roster.ts';
import { ScriptPath } from './script.ts';

/** A variable is one item of the table (400 KB at most), and a sealed value is a third longer than its text. */
const VALUE_LIMIT_BYTES = 300_000;

const Time = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));

/** Fields of Windmill that do nothing here are stored and given back, so that its CLI finds no difference. */
const kept = {
  account: z.number().int().nullish(),
  is_oauth: z.boolean().nullish(),
  labels: z.array(z.string().max(100)).max(50).nullish(),
  ws_specific: z.boolean().nullish(),
};
const Description = z.string().max(2_000);

/** What a client sends to make a variable. `expires_at` in milliseconds since 1970 once parsed. */
export const NewVariable = z.object({
  path: ScriptPath,
  value: z.string(),
  is_secret: z.boolean(),
  description: Description.nullish(),
  expires_at: Time.nullish(),
  ...kept,
});
export type NewVariable = z.infer<typeof NewVariable>;

/** What a client sends to change one: what is absent stays; `expires_at: null` takes the expiry away. */
export const EditVariable = NewVariable.partial();
export type EditVariable = z.infer<typeof EditVariable>;

const Common = z.object({
  path: z.string(),
  description: z.string(),
  expires_at: z.number().optional(),
  ...kept,
  extra_perms: Grants,
  edited_at: z.number(),
  edited_by: z.string(),
  /** Grows with every change: whoever changes a variable changes the one he saw. */
  rev: z.number(),
});

/** A variable as stored. The text of a secret is nowhere, only `sealed`. Times in milliseconds since 1970. */
export const Variable = z.discriminatedUnion('is_secret', [
  Common.extend({ is_secret: z.literal(false), value: z.string() }),
  Common.extend({ is_secret: z.literal(true), sealed: z.string() }),
]);
export type Variable = z.infer<typeof Variable>;

/** The part of a variable that is its value. */
export type VariableContent = { is_secret: false; value: string } | { is_secret: true; sealed: string };

export const contentOf = (variable: Variable): VariableContent =>
  variable.is_secret ? { is_secret: true, sealed: variable.sealed } : { is_secret: false, value: variable.value };

/** What the sealed value of the variable at `path` is bound to (`SecretBox`): moved elsewhere, it does not open. */
export const variableBinding = (path: string): string => `variable:${path}`;

export const isExpired = (variable: Pick<Variable, 'expires_at'>, now: number): boolean =>
  variable.expires_at !== undefined && variable.expires_at <= now;

/** Throws 400 for a value that is too long. */
export const checkValueSize = (value: string): void => {
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > VALUE_LIMIT_BYTES)
    throw new Problem(
      400,
      `Bad request: body value: is ${bytes} bytes long, more than the limit of ${VALUE_LIMIT_BYTES}: keep large values in an object store and their place in a variable`,
    );
};

type Made = { by: string; now: number };

/** The variable that a request makes. */
export const newVariable = (
  { path, description, expires_at, account, is_oauth, labels, ws_specific }: NewVariable,
  content: VariableContent,
  { by, now }: Made,
): Variable => ({
  path,
  description: description ?? '',
  ...(typeof expires_at === 'number' ? { expires_at } : {}),
  account,
  is_oauth,
  labels,
  ws_specific,
  extra_perms: {},
  edited_at: now,
  edited_by: by,
  rev: 1,
  ...content,
});

/** `variable` as `edit` leaves it; `content` is its value then. */
export const editedVariable = (
  variable: Variable,
  edit: EditVariable,
  content: VariableContent,
  { by, now }: Made,
): Variable => {
  const expires_at = edit.expires_at === undefined ? variable.expires_at : (edit.expires_at ?? undefined);
  return {
    path: edit.path ?? variable.path,
    description: edit.description ?? variable.description,
    ...(expires_at === undefined ? {} : { expires_at }),
    account: edit.account ?? variable.account,
    is_oauth: edit.is_oauth ?? variable.is_oauth,
    labels: edit.labels ?? variable.labels,
    ws_specific: edit.ws_specific ?? variable.ws_specific,
    extra_perms: variable.extra_perms,
    edited_at: now,
    edited_by: by,
    rev: variable.rev + 1,
    ...content,
  };
};

/** A variable as the wire shows it; `value` is what may be shown of it. */
export const variableView = (workspace: string, variable: Variable, value: string | undefined, now: number) => ({
  workspace_id: workspace,
  path: variable.path,
  ...(value === undefined ? {} : { value }),
  is_secret: variable.is_secret,
  description: variable.description,
  ...(typeof variable.account === 'number' ? { account: variable.account } : {}),
  is_oauth: variable.is_oauth ?? false,
  extra_perms: variable.extra_perms,
  is_expired: isExpired(variable, now),
  is_linked: false,
  is_refreshed: false,
  ...(variable.expires_at === undefined ? {} : { expires_at: new Date(variable.expires_at).toISOString() }),
  labels: variable.labels ?? [],
  ws_specific: variable.ws_specific ?? false,
  edited_at: new Date(variable.edited_at).toISOString(),
  edited_by: variable.edited_by,
});
