import { Agent, request } from 'node:http';
import { z } from 'zod';
import { AwsError } from '../aws-error.ts';

export type BackendAnswer = { status: number; body: Buffer };

// dynoxide wants a signature to be there but checks none.
const signature =
  'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local';

const dropped = (error: Error): boolean => 'code' in error && error.code === 'ECONNRESET';

const Failure = z.object({ __type: z.string(), message: z.string().default('') });

/** The DynamoDB behind the local cloud, over kept-alive connections. */
export class Backend {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, agent = new Agent({ keepAlive: true, maxSockets: 128 })) {
    this.#url = new URL(url);
    this.#agent = agent;
  }

  /** Sends the bytes as they are. A kept connection that the other side had closed is tried once more on a new one. */
  async send(target: string, body: Buffer): Promise<BackendAnswer> {
    try {
      return await this.#once(target, body);
    } catch (error) {
      if (error instanceof Error && dropped(error)) return await this.#once(target, body);
      throw error;
    }
  }

  /** One management call of our own; throws AwsError with DynamoDB's code. */
  async call(operation: string, input: object): Promise<unknown> {
    const { status, body } = await this.send(`DynamoDB_20120810.${operation}`, Buffer.from(JSON.stringify(input)));
    const answer: unknown = JSON.parse(body.toString('utf8'));
    if (status < 300) return answer;
    const failure = Failure.parse(answer);
    throw new AwsError(failure.__type.split('#').at(-1) ?? '', status, failure.message);
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(target: string, body: Buffer): Promise<BackendAnswer> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': body.length,
        'x-amz-target': target,
        'x-amz-date': '20260101T000000Z',
        authorization: signature,
      };
      const outgoing = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks) }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}
