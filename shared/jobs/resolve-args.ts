import type { Standing } from '../access/standing.ts';
import { type AuditLine, actionKindOf } from '../model/audit.ts';
import { parseEncryptedValue, valueBinding } from '../model/encrypted-value.ts';
import { Problem } from '../model/errors.ts';
import type { Job } from '../model/job.ts';
import { type Reference, referencesIn } from '../model/references.ts';
import { interpolateResource } from './interpolate.ts';
import { NotRunnable } from './not-runnable.ts';
import type { AuditTrail, SecretBox, ValueReads } from './value-ports.ts';

/** Arguments with references are resolved up to this size (bytes), before and after: they travel in the invocation. */
const RESOLVED_LIMIT_BYTES = 4 * 1024 * 1024;
/** So many different references are looked up at a time. */
const AT_ONCE = 10;

export type ResolveDeps = {
  values: ValueReads;
  /** Opens what `$encrypted:` stands for. */
  valueBox: SecretBox;
  /** Where the use of each secret is written down. */
  audit: AuditTrail;
};

/** Arguments without references, and what of them must not be shown. */
export type ResolvedArgs = { text: string; secrets: string[] };

/**
 * Puts in place of each reference among a job's arguments what it stands for, as far as `standing` may read it; all other
 * text stays as it came. Throws NotRunnable that names argument and reference, never a value.
 */
export const resolveArgs = async (
  deps: ResolveDeps,
  job: Job,
  standing: Standing,
  text: string,
  now: number,
): Promise<ResolvedArgs> => {
  checkResolvable(travelling(text));
  const references = referencesIn(text);
  const secrets = new Set<string>();
  const used = new Set<string>();
  const follow = (reference: Reference): Promise<string> =>
    resolved(deps, job, standing, reference, (secret, path) => {
      secrets.add(secret);
      if (path !== undefined) used.add(path);
    });
  const values = await eachOnce(references, follow);
  const whole = spliced(text, references, values);
  checkResolvable(travelling(whole));
  for (const path of used) await deps.audit.append(decrypted(job, standing, path, now));
  return { text: whole, secrets: [...secrets] };
};

/** Throws NotRunnable for arguments that are too long to be resolved. */
export const checkResolvable = (bytes: number): void => {
  if (bytes > RESOLVED_LIMIT_BYTES)
    throw new NotRunnable(
      `The arguments refer to variables or resources ($var:, $res:), which works up to ${RESOLVED_LIMIT_BYTES} bytes of them, and are longer (${bytes})`,
    );
};

/** As it travels: quotes and line ends take an escape within the invocation's JSON. */
const travelling = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** The JSON text of each reference's value, by its text. */
const eachOnce = async (
  references: Reference[],
  follow: (reference: Reference) => Promise<string>,
): Promise<Map<string, string>> => {
  const first = [...new Map(references.toReversed().map((reference) => [reference.text, reference])).values()];
  const values = new Map<string, string>();
  for (let from = 0; from < first.length; from += AT_ONCE) {
    await Promise.all(
      first.slice(from, from + AT_ONCE).map(async (reference) => {
        values.set(reference.text, await follow(reference));
      }),
    );
  }
  return values;
};

const spliced = (text: string, references: Reference[], values: Map<string, string>): string => {
  const parts: string[] = [];
  let at = 0;
  for (const reference of references) {
    parts.push(text.slice(at, reference.from), values.get(reference.text) ?? 'null');
    at = reference.to;
  }
  return parts.join('') + text.slice(at);
};

const ENCRYPTED = '$encrypted:';

type OnSecret = (secret: string, path: string | undefined) => void;

const resolved = async (
  deps: ResolveDeps,
  job: Job,
  standing: Standing,
  { text, at }: Reference,
  onSecret: OnSecret,
): Promise<string> => {
  try {
    if (text.startsWith(ENCRYPTED)) {
      const value = await opened(deps.valueBox, job, text.slice(ENCRYPTED.length));
      onSecret(value, undefined);
      return JSON.stringify(value);
    }
    return JSON.stringify(await interpolateResource(deps.values, standing, text, onSecret));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const shown = text.startsWith(ENCRYPTED) ? `${ENCRYPTED}...` : text.slice(0, 300);
    throw new NotRunnable(`Argument ${at} (${shown}) cannot be resolved: ${error.message}`);
  }
};

/** A sealed value opens only for the identity that it was sealed for. */
const opened = async (box: SecretBox, job: Job, text: string): Promise<string> => {
  const sealed = parseEncryptedValue(text);
  if (sealed === undefined) throw new Problem(400, 'Bad request: it is not what variables/encrypt answered');
  if (sealed.permissioned_as !== job.permissioned_as)
    throw new Problem(403, `Permission denied: it was encrypted by another than ${job.permissioned_as}`);
  const value = await box.open(job.workspace, valueBinding(job.permissioned_as), sealed.sealed);
  if (value === undefined) throw new Problem(400, 'Bad request: it does not open in this workspace');
  return value;
};

const decrypted = (job: Job, standing: Standing, path: string, now: number): AuditLine => {
  const operation = 'variables.decrypt_secret';
  return {
    workspace: job.workspace,
    timestamp: now,
    username: standing.username,
    email: job.email,
    operation,
    action_kind: actionKindOf(operation),
    resource: path,
    job: job.id,
  };
};
