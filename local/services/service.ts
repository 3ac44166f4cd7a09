import type { Readable } from 'node:stream';

/** One call as it came over the wire, already authenticated by the gateway. */
export type Call = {
  /** `sqs`, `s3`, `scheduler`, `secretsmanager`, `kms`, `ecs`, `dynamodb` or `lambda`: the service of the signature's scope. */
  service: string;
  method: string;
  /** Undecoded, without the query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
};

/**
 * `x-millrace-read-units` and `x-millrace-write-units` among the headers tell the gateway's meter what DynamoDB charged;
 * the gateway takes them out again.
 */
export type Answer = { status: number; headers: Record<string, string>; body: Buffer | string | Readable };

/** What a call asks of IAM: one entry per action and resource ARN. `context` holds condition keys. */
export type Permission = { action: string; resource: string; context?: Record<string, string[]> };

/**
 * One AWS service as a handler of its wire protocol. `operation`, `permissions` and `answer` throw (or reject with) an
 * AwsError for every refusal of the service's own; `errorAnswer` renders it as the protocol does.
 */
export interface Service {
  /** Operation name as AWS spells it (`SendMessage`, `PutObject`, ...); throws AwsError 501 for what is not built. */
  operation(call: Call): string;
  permissions(call: Call): Permission[];
  answer(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** The account and region every local ARN names. */
export type Place = { accountId: string; region: string };
