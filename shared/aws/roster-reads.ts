import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { Rosters } from '../access/principal.ts';
import { Folder, Group, Member, type Roster } from '../model/roster.ts';
import { Isolation } from '../model/tenant.ts';
import { type CatalogTable, readPartition } from './catalog-items.ts';
import { accessPartition, FOLDER_PREFIX, GROUP_PREFIX, MEMBER_PREFIX, WORKSPACE_SK } from './catalog-keys.ts';

/** How old an answer may be: a right withdrawn is withdrawn everywhere within this time. */
const CACHE_MS = 5_000;
const FRESH_MS = 1_000;
const CACHED_WORKSPACES = 200;

const Item = z.looseObject({ sk: z.string() });
const State = z.object({ archived: z.boolean().optional(), isolation: Isolation.optional() });

const byName = <T>(items: z.infer<typeof Item>[], prefix: string, schema: z.ZodType<T>): Map<string, T> =>
  new Map(
    items
      .filter(({ sk }) => sk.startsWith(prefix))
      .map((item) => [item.sk.slice(prefix.length), schema.parse(item)] as const),
  );

/** Who is what in a workspace, by one query of everything that decides it, remembered for a few seconds. */
export class RosterReads implements Rosters {
  readonly #at: CatalogTable;
  readonly #cached = new Map<string, { at: number; roster: Promise<Roster | undefined> }>();

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  read(workspace: string, now: number, fresh = false): Promise<Roster | undefined> {
    const known = this.#cached.get(workspace);
    if (known !== undefined && now - known.at < (fresh ? FRESH_MS : CACHE_MS)) return known.roster;
    const roster = this.#fetch(workspace);
    this.#cached.delete(workspace);
    this.#cached.set(workspace, { at: now, roster });
    roster.catch(() => this.#cached.delete(workspace));
    const oldest = this.#cached.size > CACHED_WORKSPACES ? this.#cached.keys().next().value : undefined;
    if (oldest !== undefined) this.#cached.delete(oldest);
    return roster;
  }

  /** As it stands now: for whoever changes or shows it, and may have changed it through another environment a moment ago. */
  latest(workspace: string, now: number): Promise<Roster | undefined> {
    this.forget(workspace);
    return this.read(workspace, now);
  }

  /** For whoever just changed the workspace: the next read is a new one. */
  forget(workspace: string): void {
    this.#cached.delete(workspace);
  }

  async #fetch(workspace: string): Promise<Roster | undefined> {
    const items = await readPartition(this.#at, accessPartition(workspace), Item, { consistent: true });
    const state = items.find(({ sk }) => sk === WORKSPACE_SK);
    if (state === undefined) return undefined;
    const { archived, isolation } = State.parse(state);
    return {
      workspace,
      archived: archived === true,
      ...(isolation === undefined ? {} : { isolation }),
      members: byName(items, MEMBER_PREFIX, Member),
      groups: byName(items, GROUP_PREFIX, Group),
      folders: byName(items, FOLDER_PREFIX, Folder),
    };
  }
}
