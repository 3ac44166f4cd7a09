import type { Completion } from './completion.ts';
import { isJsonObject, type Json } from './json.ts';

/** A job stays small enough for the list of jobs. */
const MOST_LABELS = 50;
const LONGEST_LABEL = 100;

const labelsIn = (value: Json | undefined): string[] =>
  Array.isArray(value)
    ? [...new Set(value.filter((label): label is string => typeof label === 'string' && label !== ''))]
        .filter((label) => label.length <= LONGEST_LABEL)
        .slice(0, MOST_LABELS)
    : [];

/**
 * How a job ends whose process returned `text` (JSON, parsed as `value`). An object may say more than its value: `wm_labels`
 * puts labels on the job (50 at most, of 100 characters at most; others are left out), and a text in `wm_failure` makes it
 * a failure with that message, which keeps all that the object says and gets an `error` beside it.
 */
export const markedResult = (text: string, value: Json): Pick<Completion, 'status' | 'result' | 'labels'> => {
  if (!isJsonObject(value)) return { status: 'success', result: text };
  const marks = labelsIn(Object.hasOwn(value, 'wm_labels') ? value.wm_labels : undefined);
  const labels = marks.length === 0 ? {} : { labels: marks };
  const message = Object.hasOwn(value, 'wm_failure') ? value.wm_failure : undefined;
  if (typeof message !== 'string') return { status: 'success', result: text, ...labels };
  const error = JSON.stringify({ name: 'ManualFailure', message });
  return { status: 'failure', result: `${text.trimEnd().slice(0, -1)},"error":${error}}`, ...labels };
};

/** The labels of a job that had some and is given more, each once. */
export const joinedLabels = (had: readonly string[] | undefined, more: readonly string[] | undefined): string[] => [
  ...new Set([...(had ?? []), ...(more ?? [])]),
];
