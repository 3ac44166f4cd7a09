import { type Completion, failed } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { JsonScan } from '../model/json-scan.ts';
import type { StatedContent } from '../model/runner.ts';
import type { Uploaded, UploadStore } from './payload-ports.ts';

/** The largest result: JSON text in bytes. */
export const LARGEST_RESULT_BYTES = 100 * 1024 * 1024;

/**
 * Takes a result that a runner says it has put: looks whether it is there, as stated, and JSON, in the memory of a piece.
 * A runner is as trustworthy as the code it ran, and what is stored as JSON must be JSON for whoever reads it.
 */
export const takeLargeResult = async (
  uploads: UploadStore,
  job: Job,
  stated: StatedContent,
): Promise<Pick<Completion, 'status' | 'result' | 'stored'>> => {
  const uploaded = await uploads.open({ job, kind: 'result', attempt: job.attempt });
  if (uploaded === undefined) return notStored('it is not where it was said to be');
  const { payload, sha256 } = uploaded;
  if (payload.bytes !== stated.bytes || payload.bytes > LARGEST_RESULT_BYTES || sha256 !== stated.sha256) {
    uploaded.close();
    return notStored('what is there is something else');
  }
  const scanned = await scanUploaded(uploaded);
  return scanned.ok
    ? { status: 'success', result: '', stored: payload }
    : failed({ name: 'InvalidResult', message: `The result is not JSON: ${scanned.reason}` });
};

/** Reads an upload to its end and says whether it is JSON. `look` sees each piece. */
export const scanUploaded = async (uploaded: Uploaded, look: (piece: Uint8Array) => void = () => undefined) => {
  const scan = new JsonScan();
  for await (const piece of uploaded.pieces) {
    scan.push(piece);
    look(piece);
  }
  return scan.end();
};

const notStored = (why: string): Completion =>
  failed({ name: 'ResultNotStored', message: `The result could not be taken: ${why}` });
