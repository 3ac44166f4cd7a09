import type { LockRecord, ReadyLock, ScriptLock } from '../model/script-lock.ts';

/** What dependencies jobs came to, by the version they were for. */
export interface ScriptLocks {
  /** Undefined: its job has not ended. */
  get(workspace: string, hash: string): Promise<ScriptLock | undefined>;
  /** As `get`, and never from memory. */
  fresh(workspace: string, hash: string): Promise<ScriptLock | undefined>;
  /** Writes `lock` where the one that `job` made still stands; whoever comes second changes nothing. */
  replace(workspace: string, hash: string, job: string, lock: ReadyLock): Promise<void>;
  /** A lock that is ready stays as it is, whatever comes after it. */
  put(workspace: string, hash: string, lock: ScriptLock): Promise<void>;
}

/** Choices of packages for sets of requirements, each good for some minutes. */
export interface ChosenLocks {
  find(workspace: string, digest: string, now: number): Promise<LockRecord | undefined>;
  keep(workspace: string, digest: string, record: LockRecord, until: number): Promise<void>;
}
