import type { Standing } from '../access/standing.ts';
import type { AuditLine } from '../model/audit.ts';
import type { JobKey } from '../model/job.ts';
import type { Json } from '../model/json.ts';

/**
 * Encrypts texts of a workspace so that they may lie in a table. `bound` names what a text belongs to: it opens only where
 * the same is named again, so a ciphertext that was copied elsewhere is of no use there.
 */
export interface SecretBox {
  seal(workspace: string, bound: string, text: string): Promise<string>;
  /** Undefined: it was not sealed here, or is bound to something else. */
  open(workspace: string, bound: string, sealed: string): Promise<string | undefined>;
}

/** Where the audit log is written: durable when it resolves. */
export interface AuditTrail {
  append(line: AuditLine): Promise<void>;
}

/** Texts that must not stand in the log of an attempt: secrets that its job was given or fetched. */
export interface MaskStore {
  /** Durable when it resolves, which must be before the job can know them. False: the attempt is over. */
  add(key: JobKey, attempt: number, texts: readonly string[]): Promise<boolean>;
  /**
   * How many times masks were added to the job: what a write of its log must be up to date with. And all masks of the
   * attempt, or none when the revision is still `known` (0 at first, when there are none).
   */
  read(key: JobKey, attempt: number, known?: number): Promise<{ texts: string[]; revision: number }>;
}

/** Variables and resources by path, as far as `standing` may read them: otherwise a Problem (403, or 404 for none). */
export interface ValueReads {
  variable(standing: Standing, path: string): Promise<{ value: string; is_secret: boolean }>;
  /** As stored: references in it are not followed. */
  resource(standing: Standing, path: string): Promise<Json>;
}
