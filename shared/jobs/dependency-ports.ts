import type { ScriptLock } from '../model/script-lock.ts';

/** What dependencies jobs came to, by the version they were for. */
export interface ScriptLocks {
  /** Undefined: its job has not ended. */
  get(workspace: string, hash: string): Promise<ScriptLock | undefined>;
  /** A lock that is ready stays as it is, whatever comes after it. */
  put(workspace: string, hash: string, lock: ScriptLock): Promise<void>;
}
