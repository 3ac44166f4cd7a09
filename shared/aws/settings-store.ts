import { DeleteItemCommand, type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { Settings } from '../jobs/ports.ts';
import type { Json } from '../model/json.ts';
import { InstanceSettings, isRetention, type SettingKey } from '../model/settings.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { INSTANCE, SETTING_PREFIX, settingsKey, storedSettingKey } from './catalog-keys.ts';

/** A change is seen by every warm function within this time. */
const CACHE_MS = 60_000;

const Stored = z.object({ name: z.string(), value: z.json() });
const Meant = z.record(z.string(), z.json());

/** The instance settings: one item with all that hot paths read, and one each for the others. */
export class SettingsStore implements Settings {
  readonly #at: CatalogTable;
  #cached: { at: number; settings: InstanceSettings } | undefined;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  /** What was read last stands in when the catalog does not answer: completing a job must not fail for its retention. */
  async read(now: number): Promise<InstanceSettings> {
    if (this.#cached !== undefined && now - this.#cached.at < CACHE_MS) return this.#cached.settings;
    try {
      const settings = await this.fresh();
      this.#cached = { at: now, settings };
      return settings;
    } catch (error) {
      if (this.#cached === undefined) throw error;
      return this.#cached.settings;
    }
  }

  /** As they are now, consistently. */
  async fresh(): Promise<InstanceSettings> {
    return (await readItem(this.#at, settingsKey, InstanceSettings, true)) ?? InstanceSettings.parse({});
  }

  /** Undefined: it is not set. */
  async get(key: SettingKey): Promise<Json | undefined> {
    if (!key.meant) return (await readItem(this.#at, storedSettingKey(key.name), Stored, true))?.value;
    return (await readItem(this.#at, settingsKey, Meant, true))?.[key.name];
  }

  /** All that are set, by name. */
  async list(): Promise<{ name: string; value: Json }[]> {
    const [meant, kept] = await Promise.all([
      readItem(this.#at, settingsKey, Meant, true),
      readPartition(this.#at, INSTANCE, Stored, { prefix: SETTING_PREFIX }),
    ]);
    const { pk: _pk, sk: _sk, retention_revision: _revision, ...values } = meant ?? {};
    const found = [...Object.entries(values).map(([name, value]) => ({ name, value })), ...kept];
    return found.map(({ name, value }) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** `value` undefined unsets it. A retention period is changed together with its revision, so no change is missed. */
  async set(key: SettingKey, value: Json | undefined, now: number): Promise<void> {
    this.#cached = undefined;
    if (key.meant) return this.#setMeant(key, value, now);
    const { db, table: TableName } = this.#at;
    const at = storedSettingKey(key.name);
    await (value === undefined
      ? db.send(new DeleteItemCommand({ TableName, Key: marshall(at) }))
      : db.send(new PutItemCommand({ TableName, Item: catalogItem(at, { name: key.name, value }) })));
  }

  async #setMeant(key: SettingKey, value: Json | undefined, now: number): Promise<void> {
    const sets = [
      ...(value === undefined ? [] : ['#name = :value']),
      ...(isRetention(key) ? ['retention_revision = :now'] : []),
    ];
    const update = [
      ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
      ...(value === undefined ? ['REMOVE #name'] : []),
    ];
    const values = {
      ...(value === undefined ? {} : { ':value': value }),
      ...(isRetention(key) ? { ':now': now } : {}),
    };
    await this.#at.db.send(
      new UpdateItemCommand({
        TableName: this.#at.table,
        Key: marshall(settingsKey),
        UpdateExpression: update.join(' '),
        ExpressionAttributeNames: { '#name': key.name },
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: marshall(values) }),
      }),
    );
  }
}
