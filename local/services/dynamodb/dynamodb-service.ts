import { z } from 'zod';
import { AwsError, notBuilt } from '../aws-error.ts';
import { jsonBody, targetOf } from '../json-call.ts';
import type { Answer, Call, Permission, Place, Service } from '../service.ts';
import { Backend } from './backend.ts';
import { callPermissions, type TableKeys } from './call-permissions.ts';
import { askForCapacity, takeCapacity, wishOf } from './consumed-capacity.ts';
import { DynoxideProcess } from './dynoxide-process.ts';
import { TableStream } from './table-stream.ts';
import { ensureTable, hashKeyOf, type Table, TableDefinition } from './tables.ts';
import { TimeToLive } from './time-to-live.ts';

const DataOperation = z.enum([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'BatchGetItem',
  'BatchWriteItem',
  'TransactGetItems',
  'TransactWriteItems',
]);
const OtherOperation = z.enum([
  'DescribeTable',
  'DescribeTimeToLive',
  'DescribeStream',
  'ListStreams',
  'GetShardIterator',
  'GetRecords',
]);
type Operation = z.infer<typeof DataOperation> | z.infer<typeof OtherOperation>;

const isData = (operation: Operation): boolean => DataOperation.safeParse(operation).success;

export type DynamoDbConfig = {
  /** Where the database, its log and its pid file live. */
  folder: string;
  place: Place;
  /** A DynamoDB that runs already; without it dynoxide is started. */
  endpoint?: string;
  /** A Python with which the server can be put where no other process reaches it. */
  hideWith?: string;
};

// dynoxide's own region in every ARN it writes.
const foreignRegion = 'arn:aws:dynamodb:dynoxide:';

/** DynamoDB: the bytes of a data call go to a real server on disk and back; only the capacity is added and taken out. */
export class DynamoDbService implements Service {
  readonly #config: DynamoDbConfig;
  readonly #backend: Backend;
  readonly #process: DynoxideProcess | undefined;
  readonly #tables = new Map<string, Table>();
  readonly #timeToLive: TimeToLive | undefined;
  readonly #streams = new Map<string, TableStream>();
  #sweeping: Promise<unknown> = Promise.resolve();
  readonly #keys: TableKeys;

  private constructor(config: DynamoDbConfig, child: DynoxideProcess | undefined, url: string) {
    this.#config = config;
    this.#process = child;
    this.#backend = new Backend(url, child?.agent);
    this.#timeToLive = child && new TimeToLive(child.databaseFile, this.#backend);
    this.#keys = { arn: (table) => this.arn(table), hashKey: (table, index) => this.#hashKey(table, index) };
  }

  /** Starts the server and resolves once it answers. */
  static async start(config: DynamoDbConfig): Promise<DynamoDbService> {
    if (config.endpoint !== undefined) return new DynamoDbService(config, undefined, config.endpoint);
    const child = await DynoxideProcess.start(config.folder, config.hideWith);
    return new DynamoDbService(config, child, `http://127.0.0.1:${child.port}`);
  }

  /** Idempotent: an existing table keeps its items and gets the indexes it lacks. */
  async createTable(definition: TableDefinition): Promise<{ arn: string; streamArn: string | undefined }> {
    const table = TableDefinition.parse(definition);
    const streamArn = await ensureTable(this.#backend, table);
    this.#tables.set(table.TableName, table);
    return { arn: this.arn(table.TableName), streamArn: streamArn?.replace(foreignRegion, this.#region()) };
  }

  arn(table: string): string {
    return table.startsWith('arn:') ? table : `${this.#region()}${this.#config.place.accountId}:table/${table}`;
  }

  /**
   * What AWS does in the background: deletes items whose time to live is before `now` (milliseconds), and forgets records
   * of streams that are a day old. Answers how many items. Nothing where another DynamoDB runs, which does it itself.
   */
  deleteExpired(now: number): Promise<number> {
    const sweep = this.#sweeping.then(() => this.#sweep(now));
    this.#sweeping = sweep.catch(() => undefined);
    return sweep;
  }

  async #sweep(now: number): Promise<number> {
    let deleted = 0;
    for (const table of this.#tables.values()) deleted += (await this.#timeToLive?.sweep(table, now)) ?? 0;
    // By the machine's time, which is what the records bear.
    for (const stream of this.#streams.values()) stream.trim(Date.now());
    return deleted;
  }

  /** The stream of a table. Throws where another DynamoDB holds it. */
  stream(table: string): TableStream {
    if (this.#process === undefined) throw new Error(`the stream of ${table} can be read from dynoxide only`);
    const stream = this.#streams.get(table) ?? new TableStream(this.#process.databaseFile, table);
    this.#streams.set(table, stream);
    return stream;
  }

  operation(call: Call): Operation {
    const operation = DataOperation.or(OtherOperation).safeParse(targetOf(call));
    if (operation.success) return operation.data;
    throw notBuilt('DynamoDB', targetOf(call));
  }

  permissions(call: Call): Permission[] {
    try {
      return callPermissions(this.operation(call), jsonBody(call), this.#keys);
    } catch (error) {
      if (error instanceof z.ZodError) throw new AwsError('ValidationException', 400, z.prettifyError(error));
      throw error;
    }
  }

  async answer(call: Call): Promise<Answer> {
    const operation = this.operation(call);
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    if (!isData(operation)) return { ...(await this.#describe(call)), headers };
    const input = jsonBody(call);
    const wish = wishOf(input);
    const { status, body } = await this.#send(call, wish === undefined ? call.body : askForCapacity(call.body, input));
    if (wish === undefined || status !== 200) return { status, headers, body };
    const { body: kept, capacity } = takeCapacity(operation, body, wish);
    const units = {
      'x-millrace-read-units': String(capacity.readUnits),
      'x-millrace-write-units': String(capacity.writeUnits),
    };
    return { status, headers: { ...headers, ...units }, body: kept };
  }

  async close(): Promise<void> {
    await this.#sweeping;
    this.#backend.close();
    this.#timeToLive?.close();
    for (const stream of this.#streams.values()) stream.close();
    await this.#process?.stop();
  }

  async #describe(call: Call): Promise<{ status: number; body: string }> {
    const request = call.body.toString('utf8').replaceAll(this.#region(), foreignRegion);
    const { status, body } = await this.#send(call, Buffer.from(request));
    return { status, body: body.toString('utf8').replaceAll(foreignRegion, this.#region()) };
  }

  async #send(call: Call, body: Buffer): Promise<{ status: number; body: Buffer }> {
    try {
      return await this.#backend.send(call.headers['x-amz-target'] ?? '', body);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AwsError('InternalServerError', 500, `the local DynamoDB does not answer: ${reason}`);
    }
  }

  #hashKey(tableName: string, indexName: string): string | undefined {
    const table = this.#tables.get(tableName.split('/').at(-1) ?? '');
    const index = table?.GlobalSecondaryIndexes.find((candidate) => candidate.IndexName === indexName);
    return hashKeyOf((indexName === '' ? table?.KeySchema : index?.KeySchema) ?? []);
  }

  #region(): string {
    return `arn:aws:dynamodb:${this.#config.place.region}:`;
  }
}
