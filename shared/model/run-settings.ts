import { z } from 'zod';
import { Concurrency, concurrencyOf } from './concurrency.ts';
import { Debounce, debounceOf } from './debounce.ts';
import type { JsonObject } from './json.ts';
import { RetryPolicy } from './retry.ts';

/** How a job is run beyond its code and arguments. All absent for most jobs, which then cost nothing more. */
export const RunSettings = z.object({
  concurrency: Concurrency.optional(),
  debounce: Debounce.optional(),
  retry: RetryPolicy.optional(),
  /** Seconds for which its result may be used again by a job of the same version, arguments and identity. */
  cache_ttl: z.number().int().positive().optional(),
  /** Runs again when it has ended, until somebody cancels it. */
  restart_unless_cancelled: z.boolean().optional(),
  /** Seconds after its end at which arguments, result and log are removed. */
  delete_after_secs: z.number().int().optional(),
});
export type RunSettings = z.infer<typeof RunSettings>;

/** Places under one limit are looked through one by one. */
const MOST_AT_ONCE = 1_000;
const YEAR_S = 366 * 86_400;
const seconds = z.number().int().min(0).max(YEAR_S);

/** The same as a script states it, in Windmill's words; `retry` is ours. */
export const StatedSettings = z.object({
  concurrent_limit: z.number().int().min(0).max(MOST_AT_ONCE).nullish(),
  concurrency_time_window_s: seconds.nullish(),
  concurrency_key: z.string().max(1_000).nullish(),
  debounce_delay_s: seconds.nullish(),
  debounce_key: z.string().max(1_000).nullish(),
  max_total_debouncing_time: seconds.nullish(),
  max_total_debounces_amount: z.number().int().min(0).nullish(),
  debounce_args_to_accumulate: z.array(z.string().max(255)).max(1).nullish(),
  cache_ttl: seconds.nullish(),
  retry: RetryPolicy.nullish(),
  restart_unless_cancelled: z.boolean().nullish(),
  delete_after_secs: seconds.nullish(),
  /** The old way to say 0 seconds. */
  delete_after_use: z.boolean().nullish(),
});
export type StatedSettings = z.infer<typeof StatedSettings>;

/** What of the settings is stated at all; undefined: nothing. */
export const onlyStated = (from: StatedSettings): StatedSettings | undefined => {
  const stated = Object.entries(StatedSettings.parse(from)).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return stated.length === 0 ? undefined : Object.fromEntries(stated);
};

/** The settings of one job of a script. `cache_ttl` may be asked for by the request. */
export const settingsOf = (
  stated: StatedSettings,
  job: { workspace: string; path: string; args: JsonObject; cache_ttl: number | undefined },
): RunSettings => {
  const concurrency = concurrencyOf(stated, job);
  const debounce = debounceOf(stated, job);
  const deletion = stated.delete_after_secs ?? (stated.delete_after_use === true ? 0 : undefined);
  const cache_ttl = job.cache_ttl ?? stated.cache_ttl;
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(debounce === undefined ? {} : { debounce }),
    ...(stated.retry ? { retry: stated.retry } : {}),
    ...(cache_ttl ? { cache_ttl } : {}),
    ...(stated.restart_unless_cancelled ? { restart_unless_cancelled: true } : {}),
    ...(deletion === undefined ? {} : { delete_after_secs: deletion }),
  };
};
