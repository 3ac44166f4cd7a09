import type { Completion } from './completion.ts';
import { isJsonObject, parseJson } from './json.ts';

/**
 * The completion with what its script streamed (Windmill's rule): the stream is the result of a success that returned
 * nothing, and the field `wm_stream` of an object. Other results stay as they are, and so do errors, a result that lies in
 * S3 already, and an object with a `wm_stream` of its own.
 */
export const withStream = (completion: Completion, stream: string | undefined): Completion => {
  if (stream === undefined || completion.status !== 'success' || completion.stored !== undefined) return completion;
  const parsed = parseJson(completion.result);
  if (!parsed.ok) return completion;
  const { value } = parsed;
  if (value === null) return { ...completion, result: JSON.stringify(stream) };
  if (!isJsonObject(value) || Object.hasOwn(value, 'wm_stream')) return completion;
  // As text, so that no number changes.
  const head = completion.result.trimEnd().slice(0, -1);
  const comma = Object.keys(value).length === 0 ? '' : ',';
  return { ...completion, result: `${head}${comma}"wm_stream":${JSON.stringify(stream)}}` };
};
