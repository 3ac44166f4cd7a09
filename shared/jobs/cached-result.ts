import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import { isJsonObject, type Json, parseJson } from '../model/json.ts';
import type { ResultCache } from './limit-ports.ts';
import type { PayloadStore } from './payload-ports.ts';

type CacheDeps = { cache: ResultCache; payloads: PayloadStore };

/** Larger arguments are not read for the sake of a cached result. */
const MOST_BYTES = 6 * 1024 * 1024;

/** The same value has the same text, whatever the order of its keys. */
const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort((one, other) => (one < other ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join()}}`;
};

/**
 * What a cached result is kept under: the version, the arguments, and whom the job runs as, because the same script may
 * answer two identities differently. Undefined: this job's result is not cached.
 */
export const cacheKeyOf = async (payloads: PayloadStore, job: Job): Promise<string | undefined> => {
  if (job.cache_ttl === undefined || job.hash === undefined) return undefined;
  if (job.args.at === 'object' && job.args.bytes > MOST_BYTES) return undefined;
  const args = parseJson(await payloads.get(job, job.args));
  const key = [job.hash, job.entrypoint ?? '', job.permissioned_as, args.ok ? canonical(args.value) : ''];
  return sha256Hex(JSON.stringify(key));
};

/** The JSON text of a result that is still good. Undefined: none, or its job is gone meanwhile. */
export const cachedResult = async (
  { cache, payloads }: CacheDeps,
  job: Job,
  key: string,
  now: number,
): Promise<string | undefined> => {
  const entry = await cache.find(job.workspace, key, now);
  if (entry === undefined) return undefined;
  return payloads.get({ workspace: job.workspace, id: entry.job }, entry.result).catch(() => undefined);
};
