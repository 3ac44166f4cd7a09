import type { Clock } from '../clock.ts';
import type { Place } from '../services/service.ts';
import type { Confinement } from './confinement.ts';
import type { Credentials, InvokeRecord } from './definitions.ts';
import type { StreamingLimits } from './streaming-limits.ts';

/** What the local Lambda needs of the machine and of the rest of the local cloud. */
export type LambdaConfig = {
  place: Place;
  /** The time that functions see; the machine's without it. */
  clock?: Clock;
  /** State folder: environments live under `env/`, function logs under `logs/`. */
  stateDir: string;
  /** Read at each cold start, so the gateway may start to listen after this service was made. */
  endpointUrl: () => string;
  /** Credentials of a role for one environment; undefined gives it none. Never asked for PER_TENANT functions. */
  credentialsFor: (roleName: string, environment: string) => Credentials | undefined;
  /** PATH of image functions: the directories of python3, bash, bun and node. */
  imagePath: string;
  /** How environments of tenants are shut in; undefined: they are processes like all others. */
  confinement?: Confinement;
  /** Node of the functions; this process's own by default. */
  nodePath?: string;
  /** An environment unused for so long is ended; 5 minutes by default. */
  idleMs?: number;
  /** Environments of all functions together; further invocations wait for one. 96 by default. */
  maxEnvironments?: number;
  /** AWS's limits by default; null lifts them for tests. */
  streamingLimits?: StreamingLimits | null;
  /** Pauses before the second and third try of an asynchronous invocation; AWS's 1 and 2 minutes by default. */
  asyncRetryMs?: number[];
  /** A function's log file is rotated above this; 4 MB by default. */
  maxLogBytes?: number;
};

/** Told of every invocation once its environment is free again or gone. */
export type InvokeListener = (record: InvokeRecord) => void;

const MB = 1024 * 1024;
export const MAX_SYNC_PAYLOAD_BYTES = 6 * MB;
export const MAX_ASYNC_PAYLOAD_BYTES = MB;
