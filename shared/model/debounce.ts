import { z } from 'zod';
import { interpolated } from './concurrency.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Runs of one key that follow each other within a delay are one run, the newest (reference 1.12). */
export const Debounce = z.object({
  key: z.string(),
  delay_s: z.number().int().positive(),
  /** Seconds after the first request of a batch at which it runs, whatever still comes. */
  max_total_s: z.number().int().positive().optional(),
  /** So many requests, and the batch runs. */
  max_amount: z.number().int().positive().optional(),
  /** A list among the arguments that collects what the requests of a batch bring. */
  accumulate: z.string().optional(),
});
export type Debounce = z.infer<typeof Debounce>;

/** What a script may say about debouncing, as Windmill spells it. */
export type StatedDebounce = {
  debounce_delay_s?: number | null | undefined;
  debounce_key?: string | null | undefined;
  max_total_debouncing_time?: number | null | undefined;
  max_total_debounces_amount?: number | null | undefined;
  debounce_args_to_accumulate?: string[] | null | undefined;
};

const LONGEST_KEY = 255;

const defaultKey = (path: string, args: JsonObject, without: string | undefined): string => {
  const values = Object.entries(args)
    .filter(([name]) => name !== without)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `${path}#args:${JSON.stringify(values)}`;
};

/** The debouncing that a script states, for a run with these arguments; its key still to be shortened when it is long. */
export const debounceOf = (
  stated: StatedDebounce,
  job: { workspace: string; path: string; args: JsonObject },
): Debounce | undefined => {
  if (!stated.debounce_delay_s) return undefined;
  const accumulate = stated.debounce_args_to_accumulate?.[0];
  return {
    key: stated.debounce_key
      ? interpolated(stated.debounce_key, job.workspace, job.args)
      : defaultKey(job.path, job.args, accumulate),
    delay_s: stated.debounce_delay_s,
    ...(stated.max_total_debouncing_time ? { max_total_s: stated.max_total_debouncing_time } : {}),
    ...(stated.max_total_debounces_amount ? { max_amount: stated.max_total_debounces_amount } : {}),
    ...(accumulate === undefined ? {} : { accumulate }),
  };
};

/** A key is part of a table key, so a long one is named by its digest. */
export const isLongKey = (key: string): boolean => key.length > LONGEST_KEY;

/** A batch of debounced requests: the job that stands for it now, and the one whose place it took. */
export type Batch = { job: string; first_at: number; amount: number; over?: string | undefined };

/** When the batch runs that a request at `now` joins or begins. */
export const batchWith = (
  debounce: Debounce,
  open: Batch | undefined,
  job: string,
  now: number,
): Batch & { due: number } => {
  const batch = open ?? { first_at: now, amount: 0 };
  const amount = batch.amount + 1;
  const latest =
    debounce.max_total_s === undefined ? Number.POSITIVE_INFINITY : batch.first_at + debounce.max_total_s * 1000;
  const full = debounce.max_amount !== undefined && amount >= debounce.max_amount;
  return {
    job,
    ...(open === undefined ? {} : { over: open.job }),
    first_at: batch.first_at,
    amount,
    due: full ? now : Math.min(now + debounce.delay_s * 1000, Math.max(now, latest)),
  };
};

/** The arguments of the newest request, its list led by what the batch had collected. */
export const accumulated = (debounce: Debounce, earlier: Json, args: JsonObject): JsonObject => {
  const name = debounce.accumulate;
  if (name === undefined || !isJsonObject(earlier)) return args;
  const [before, now] = [earlier[name], args[name]];
  return Array.isArray(before) && Array.isArray(now) ? { ...args, [name]: [...before, ...now] } : args;
};
