import { AwsError } from '../aws-error.ts';
import type { Call } from '../service.ts';
import type { StoredObject } from './object-index.ts';
import { field } from './s3-call.ts';

const named = (header: string, etag: string): boolean =>
  header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '').replaceAll('"', '') === etag);

const failed = (): AwsError =>
  new AwsError('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold');

export const noSuchKey = (): AwsError => new AwsError('NoSuchKey', 404, 'The specified key does not exist.');

/** Whether a write may take place over what is there now; throws 412 (or 404 for If-Match on nothing) when not. */
export const checkWrite = (call: Call, existing: StoredObject | undefined): void => {
  const none = field(call, 'if-none-match');
  if (none !== undefined && none !== '*')
    throw new AwsError('NotImplemented', 501, 'If-None-Match on a write must be *');
  if (none !== undefined && existing !== undefined) throw failed();
  const match = field(call, 'if-match');
  if (match === undefined) return;
  if (existing === undefined) throw noSuchKey();
  if (!named(match, existing.etag)) throw failed();
};

/** Whether a read answers the object; throws 412 when the caller wants another version of it. */
export const checkRead = (call: Call, object: StoredObject): 'answer' | 'not modified' => {
  const match = field(call, 'if-match');
  if (match !== undefined && !named(match, object.etag)) throw failed();
  const none = field(call, 'if-none-match');
  return none !== undefined && named(none, object.etag) ? 'not modified' : 'answer';
};
