import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RunnableCode, ScriptCode } from '../jobs/ports.ts';
import { ScriptHead, ScriptVersion } from '../model/script.ts';
import { type CatalogTable, readItem } from './catalog-items.ts';
import { scriptHeadKey, scriptVersionKey } from './catalog-keys.ts';

/** Code of this many versions stays in memory: at most 300 KB each. */
const CACHED_VERSIONS = 64;

/** Scripts as running them needs them: one read of under 1 KB by path. */
export class ScriptReads {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  /** The newest version at a path, archived or not. */
  head(workspace: string, path: string): Promise<ScriptHead | undefined> {
    return readItem(this.#at, scriptHeadKey(workspace, path), ScriptHead, true);
  }

  /** A version by its hash, archived or deleted ones too. */
  version(workspace: string, hash: string, consistent = false): Promise<ScriptVersion | undefined> {
    return readItem(this.#at, scriptVersionKey(workspace, hash), ScriptVersion, consistent);
  }
}

/**
 * Code of versions, kept in memory by hash: a hash never changes its meaning. A version deleted meanwhile may still run
 * from memory until its environment ends.
 */
export class AwsScriptCode implements ScriptCode {
  readonly #reads: ScriptReads;
  readonly #cached = new Map<string, RunnableCode>();

  constructor(db: DynamoDBClient, table: string) {
    this.#reads = new ScriptReads(db, table);
  }

  async get(workspace: string, hash: string): Promise<RunnableCode | undefined> {
    const key = `${workspace}#${hash}`;
    const known = this.#cached.get(key);
    if (known !== undefined) {
      this.#cached.delete(key);
      this.#cached.set(key, known);
      return known;
    }
    // One that was made just now may not have reached every copy of the table.
    const version = (await this.#reads.version(workspace, hash)) ?? (await this.#reads.version(workspace, hash, true));
    if (version === undefined || version.deleted) return undefined;
    const code: RunnableCode = {
      content: version.content,
      envs: version.envs ?? [],
      ...(version.isolation ? { isolation: version.isolation } : {}),
      ...(version.lock ? { lock: version.lock } : {}),
      ...(version.lock_job === undefined ? {} : { lockJob: version.lock_job }),
    };
    this.#cached.set(key, code);
    const oldest = this.#cached.size > CACHED_VERSIONS ? this.#cached.keys().next().value : undefined;
    if (oldest !== undefined) this.#cached.delete(oldest);
    return code;
  }
}
