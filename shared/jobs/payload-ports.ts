import type { Job, JobKey, Payload } from '../model/job.ts';
import type { LogPart } from '../model/log-pages.ts';
import type { StatedContent } from '../model/runner.ts';
import type { UploadPromise } from '../model/upload-promise.ts';

/** Texts that belong to a job: small ones beside it in the table, large ones in S3. Content-named, so writing twice is harmless. */
export interface PayloadStore {
  put(key: JobKey, kind: 'args' | 'code' | 'result', text: string): Promise<Payload>;
  /** Throws when it is gone: a job's payloads live as long as the job. */
  get(key: JobKey, payload: Payload): Promise<string>;
  /** The same piece by piece, for what may be large: in the memory of a piece. */
  stream(key: JobKey, payload: Payload): AsyncIterable<string | Uint8Array>;
  /** A GET for whoever has no rights of his own, good for `seconds`. Only for `at: 'object'`. */
  presign(payload: Extract<Payload, { at: 'object' }>, seconds: number): Promise<string>;
}

/** A text of a job that comes into S3 past our functions: arguments before the job is made, a result of one attempt. */
export type UploadPlace = { job: JobKey; kind: 'args' } | { job: JobKey; kind: 'result'; attempt: number };

/** For whom places of arguments were made, by the job they are for. */
export interface UploadPromises {
  keep(job: JobKey, promise: UploadPromise): Promise<void>;
  find(job: JobKey): Promise<UploadPromise | undefined>;
}

/** Objects that others put. Each place takes one object, which is never replaced, and lies under its job's prefix. */
export interface UploadStore {
  /** A PUT for whoever has no rights of his own, good for `seconds`: this place, this size, this content, once. */
  invite(
    place: UploadPlace,
    stated: StatedContent,
    seconds: number,
  ): Promise<{ url: string; headers: Record<string, string> }>;
  /** What was put there; undefined: nothing. `pieces` must be read to their end, or `close`d. */
  open(place: UploadPlace): Promise<Uploaded | undefined>;
}

export type Uploaded = {
  payload: Extract<Payload, { at: 'object' }>;
  /** As S3 worked it out, hexadecimal. */
  sha256: string | undefined;
  pieces: AsyncIterable<Uint8Array>;
  close: () => void;
};

/** What lies beside a job's item: items of its partition, and objects under its prefix. */
export interface JobRemains {
  /** Names of the items; whether any of them points to objects; and whether the job itself is there. */
  list(key: JobKey): Promise<{ items: string[]; objects: boolean; job: boolean }>;
  /** Of no items: does nothing. What is gone already counts as deleted. */
  deleteItems(key: JobKey, items: readonly string[]): Promise<void>;
  /** All objects under the job's prefix, or under one of these folders of it. */
  deleteObjects(key: JobKey, folders?: readonly string[]): Promise<void>;
}

/** Where completed jobs go before their retention takes them. */
export interface JobArchive {
  /** One line of JSON for the whole job, once: a second call for the same job changes nothing. */
  keep(job: Job): Promise<void>;
}

/** One piece of a log. `start` counts characters of the whole log. */
export type LogPage = { attempt: number; start: number; text: string };

/** The pages of a running job's log, or of what it streams. Writing a page twice leaves one. */
export interface LogStore {
  /** A page beside the job, for a live tail at the price of a table write. */
  append(key: JobKey, page: LogPage): Promise<void>;
  /** A page in S3 that stands for the pages `covered` (their starts) and more; those are then deleted. */
  offload(key: JobKey, page: LogPage, covered: number[]): Promise<void>;
  /** Characters so far, over all attempts. */
  length(key: JobKey): Promise<number>;
}

/** What a job said, as readers see it. */
export interface LogReader {
  /** Which parts its log has now. */
  parts(job: Job): Promise<LogPart[]>;
  /** Which parts the stream of its present attempt has now. They begin where those of earlier attempts ended. */
  streamParts(job: Job): Promise<LogPart[]>;
  /** The text of parts, piece by piece. */
  text(parts: LogPart[]): AsyncIterable<string>;
}
