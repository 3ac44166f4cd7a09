import { z } from 'zod';
import { Language } from './language.ts';
import { NpmRegistry } from './npm-registry.ts';
import { MOST_PACKAGES } from './package-archive.ts';
import { LockRecord, RecordedPackage } from './script-lock.ts';

/** URLs where packages come from: the extra indexes are asked before the default one. They may hold names and passwords. */
export const PackageIndexes = z.object({ default: z.url().optional(), extra: z.array(z.url()) });
export type PackageIndexes = z.infer<typeof PackageIndexes>;

/** Packages that are to be chosen. */
export const PythonToChoose = z.object({
  requirements: z.array(z.string()),
  python: z.object({ specifier: z.string(), line: z.number() }).optional(),
  /** They are all that is needed, each with its version: only their hashes are looked for. */
  complete: z.boolean().optional(),
  indexes: PackageIndexes,
});
export type PythonToChoose = z.infer<typeof PythonToChoose>;

/**
 * What a lane gives the runner for one attempt at one job. Everything the runner may hold is in here: it has no
 * credentials of its own.
 */
export const RunnerRequest = z.object({
  job: z.object({ workspace: z.string(), id: z.string(), attempt: z.number().int().positive() }),
  language: Language,
  code: z.string(),
  /**
   * Set for a job that makes a Python lock: these requirements are resolved instead of running the code, for the Python of
   * the runner, which has to be the one that is wanted. The result is `{lock, packages: [{name, version, hashes}]}`.
   */
  dependencies: PythonToChoose.extend({
    /** A lock whose archives are to be made anew: just these packages, whatever else would be chosen today. */
    recorded: z.array(RecordedPackage).optional(),
    /** Where to ask for places for archives: each package is then installed, packed and put there. */
    archives: z.object({ url: z.url(), token: z.string() }).optional(),
  }).optional(),
  /** Set for Python that has no lock: these are chosen first, told by a `lock` frame, and put in place as `packages` are. */
  unlocked: PythonToChoose.optional(),
  /** What the code may import: `key` names just these packages, so that an environment puts them in place once. */
  packages: z
    .object({
      key: z.string().regex(/^[0-9a-f]{64}$/),
      /** The Python they were chosen for (`3.13`); absent: whichever. */
      python: z.string().optional(),
      list: z.array(RecordedPackage),
      /** Presigned GETs of their archives, in their order. Absent: they have none, and are installed from the index. */
      links: z.array(z.url()).optional(),
      /** Absent: there are links for all, so nothing is installed. */
      indexes: PackageIndexes.optional(),
    })
    .optional(),
  /**
   * Set for a job that makes a TypeScript lock for this package.json, or stores the packages of one that is there, instead of
   * running the code. The result is `{lock, packages}`: one package, which is all of `node_modules`, or none.
   */
  choose: z
    .object({
      manifest: z.string(),
      /** A lock whose archive is to be made anew. */
      lock: z.string().optional(),
      registry: NpmRegistry,
      /** Where to ask for a place for the archive. Absent: nothing is installed. */
      archives: z.object({ url: z.url(), token: z.string() }).optional(),
    })
    .optional(),
  /** The lock whose npm packages the code imports. `key` names just these, so that an environment puts them in place once. */
  npm: z.object({ key: z.string().regex(/^[0-9a-f]{64}$/), lock: z.string(), registry: NpmRegistry }).optional(),
  /** What the code imports of its workspace, and where it stands there itself. */
  imports: z
    .object({ path: z.string().optional(), scripts: z.array(z.object({ path: z.string(), code: z.string() })) })
    .optional(),
  /** Function to call instead of `main`. */
  entrypoint: z.string().optional(),
  /** The JSON text of the arguments, or a presigned GET of it when it is large. Text, so that no number changes on its way. */
  args: z.union([z.object({ text: z.string() }), z.object({ url: z.url() })]),
  /** WM_* variables and BASE_INTERNAL_URL, complete: the runner adds only PATH, HOME, TMPDIR, LANG, TZ. */
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number().int().positive(),
  /** Output beyond this is discarded after one note; the job goes on. */
  logLimitBytes: z.number().int().positive(),
  /** A result whose JSON text is longer does not go by frames: see `largeResult`. */
  resultLimitBytes: z.number().int().positive(),
  /**
   * Where to ask for a place to put a longer result, up to `limitBytes`: POST `{bytes, sha256}` (hexadecimal), answered by
   * `{url, headers}` for one PUT. Beyond it, or when absent, the job fails with a ResultTooLarge error.
   */
  largeResult: z.object({ url: z.url(), token: z.string(), limitBytes: z.number().int().positive() }).optional(),
  /** Where to ask whether to go on: first after 3 s, then every 3 s (an invocation cannot be aborted from outside on AWS). */
  control: z.object({ url: z.url(), token: z.string() }).optional(),
});
export type RunnerRequest = z.infer<typeof RunnerRequest>;

/** The answer to a control poll. `stop` means: kill the process group, end with outcome `stopped`. */
export const ControlAnswer = z.object({ action: z.enum(['continue', 'stop']), reason: z.string().optional() });
export type ControlAnswer = z.infer<typeof ControlAnswer>;

/** What somebody says of an object that he puts: its size, and its SHA-256 in hexadecimal. */
export const StatedContent = z.object({
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
});
export type StatedContent = z.infer<typeof StatedContent>;

/** What one attempt may stream, in bytes as its process wrote it; so much is kept in memory for its result. */
export const STREAM_LIMIT_BYTES = 2 * 1024 * 1024;

/** How the user's process ended. `timeout` and `stopped` carry no result. */
export const Outcome = z.enum(['success', 'failure', 'timeout', 'stopped']);
export type Outcome = z.infer<typeof Outcome>;

/** The last line of what a runner says. */
export const EndFrame = z.object({
  type: z.literal('end'),
  outcome: Outcome,
  /** When the user's process was started, milliseconds since 1970. */
  startedAt: z.number(),
  durationMs: z.number(),
  /** Peak resident memory of the process, KiB. */
  memPeakKb: z.number().optional(),
});
export type EndFrame = z.infer<typeof EndFrame>;

/**
 * One line of what a runner says: a JSON object and a newline.
 * - `log`: output of the user's process, stdout and stderr in the order written; bytes that are not UTF-8 become U+FFFD.
 * - `stream`: the next text of the result stream, line ends as they are meant.
 * - `note`: a line of ours for the log (the output cap, a killed leftover process).
 * - `result`: the next piece of the result's JSON text. For `failure` the text is the error `{name, message, stack?, ...}`.
 * - `large-result`: instead of `result`, that the runner has put it where it was told to.
 * - `lock`: what was chosen for `unlocked`.
 * - `packages-lost`: archives (SHA-256) that are not in the bucket as the lock says, so the job did not run.
 * - `end`: exactly one, last. A stream without it means that the runner died.
 */
export const Frame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('log'), text: z.string() }),
  z.object({ type: z.literal('stream'), text: z.string() }),
  z.object({ type: z.literal('note'), text: z.string() }),
  z.object({ type: z.literal('lock'), record: LockRecord }),
  z.object({ type: z.literal('result'), part: z.string() }),
  z.object({ type: z.literal('large-result'), ...StatedContent.shape }),
  z.object({ type: z.literal('packages-lost'), archives: z.array(z.string()).max(MOST_PACKAGES) }),
  EndFrame,
]);
export type Frame = z.infer<typeof Frame>;
