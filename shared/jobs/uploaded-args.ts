import type { Standing } from '../access/standing.ts';
import { badRequest, notFound, Problem } from '../model/errors.ts';
import { uuidV7 } from '../model/ids.ts';
import type { JobKey, Payload } from '../model/job.ts';
import { isJsonObject, type JsonObject, parseSentJson } from '../model/json.ts';
import type { StatedContent } from '../model/runner.ts';
import { scanUploaded } from './large-result.ts';
import type { Uploaded, UploadPromises, UploadStore } from './payload-ports.ts';

/** The largest arguments: JSON text in bytes. */
const LARGEST_ARGS_BYTES = 100 * 1024 * 1024;
/** Up to here uploaded arguments are read whole and are like all others; beyond, nothing of ours knows what is in them. */
const READ_WHOLE_BYTES = 6 * 1024 * 1024;
/** Milliseconds for which a reference is good. Shorter than a day: what is older and belongs to no job is an orphan. */
const GOOD_MS = 12 * 3_600_000;
/** Seconds in which the upload must begin. */
const UPLOAD_SECONDS = 900;

export type ArgsUploadDeps = { uploads: UploadStore; promises: UploadPromises };
type Uploader = { standing: Standing; email: string };

/** Arguments that were uploaded: `stored` where they are too large to be looked at, and `args` is then empty. */
export type TakenArgs = {
  /** Of the job that they are for. */
  id: string;
  args: JsonObject;
  argsText?: string;
  stored?: Extract<Payload, { at: 'object' }>;
};

/**
 * A place for the arguments of a job to be, and the reference by which its launcher names them: the id of that job, so that
 * a reference makes one job at most and the object goes with it. One that is never used is an object without a job.
 */
export const inviteArgs = async (
  deps: ArgsUploadDeps,
  workspace: string,
  { standing, email }: Uploader,
  stated: StatedContent,
  moment: { now: number; random: Uint8Array },
) => {
  if (stated.bytes > LARGEST_ARGS_BYTES)
    throw new Problem(413, `body bytes: ${stated.bytes} are more than the limit of ${LARGEST_ARGS_BYTES}`);
  const job: JobKey = { workspace, id: uuidV7(moment.now, moment.random) };
  const until = moment.now + GOOD_MS;
  await deps.promises.keep(job, { permissioned_as: standing.permissioned_as, email, until });
  const { url, headers } = await deps.uploads.invite({ job, kind: 'args' }, stated, UPLOAD_SECONDS);
  return { upload_url: url, headers, args_ref: job.id, expires_at: new Date(until).toISOString() };
};

/**
 * The arguments behind a reference, for whoever was given it and nobody else. Throws 404 for a reference that is not (or no
 * longer) the caller's, and 400 when nothing was uploaded or it is no JSON object.
 */
export const takeArgs = async (
  deps: ArgsUploadDeps,
  job: JobKey,
  { standing, email }: Uploader,
  now: number,
): Promise<TakenArgs> => {
  const promise = await deps.promises.find(job);
  const own = promise?.permissioned_as === standing.permissioned_as && promise.email === email;
  if (promise === undefined || !own || promise.until <= now)
    throw notFound(`args_ref ${job.id} is not yours, or older than 12 hours: ask for one with jobs/args_upload`);
  const uploaded = await deps.uploads.open({ job, kind: 'args' });
  if (uploaded === undefined)
    throw badRequest(`Bad request: args_ref ${job.id}: nothing was uploaded: PUT it to its upload_url first`);
  return uploaded.payload.bytes > READ_WHOLE_BYTES ? scanned(job, uploaded) : whole(job, uploaded);
};

const notArgs = (job: JobKey, why: string): Problem =>
  badRequest(`Bad request: args_ref ${job.id}: what was uploaded is not a JSON object that can be taken (${why})`);

const whole = async (job: JobKey, uploaded: Uploaded): Promise<TakenArgs> => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let argsText = '';
  for await (const piece of uploaded.pieces) argsText += decoder.decode(piece, { stream: true });
  const json = parseSentJson(argsText);
  if (!json.ok) throw notArgs(job, json.reason);
  if (!isJsonObject(json.value)) throw notArgs(job, 'it is something else');
  return { id: job.id, args: json.value, argsText };
};

/** How references among arguments begin, as far as they are told apart without parsing. */
const REFERENCE = /"(?:\$|\\u0024)(?:var|res|encrypted):/;
const LONGEST_BEGINNING = 20;

const scanned = async (job: JobKey, uploaded: Uploaded): Promise<TakenArgs> => {
  let [end, refers] = ['', false];
  const found = await scanUploaded(uploaded, (piece) => {
    const text = end + Buffer.from(piece).toString('latin1');
    refers ||= REFERENCE.test(text);
    end = text.slice(-LONGEST_BEGINNING);
  });
  if (!found.ok) throw notArgs(job, found.reason);
  if (!found.object) throw notArgs(job, 'it is something else');
  if (refers)
    throw badRequest(
      `Bad request: args_ref ${job.id}: references ($var:, $res:, $encrypted:) are resolved in smaller arguments only`,
    );
  return { id: job.id, args: {}, stored: uploaded.payload };
};
