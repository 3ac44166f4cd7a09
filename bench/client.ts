import { Agent, request } from 'node:http';
import { z } from 'zod';

/** An answer, and when its last byte was here (milliseconds since 1970, with fractions). */
export type Reply = { status: number; text: string; at: number };

/** Milliseconds since 1970 with fractions: what a script's own `time.time()` is compared with. */
export const wallClock = (): number => performance.timeOrigin + performance.now();

/** Plain HTTP to one Millrace as its admin, over connections that stay open. */
export class Client {
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  send(method: string, path: string, body?: unknown): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.#url}/api${path}`, { method, agent: this.#agent, headers }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8'), at: wallClock() }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  /** As `send`; throws for another status than `status`, with what the server said. */
  async expect(status: number, method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await this.send(method, path, body);
    if (reply.status === status) return reply;
    throw new Error(`${method} ${path}: ${reply.status} instead of ${status}: ${reply.text.slice(0, 300)}`);
  }

  async json<T extends z.ZodType>(schema: T, method: string, path: string, body?: unknown): Promise<z.output<T>> {
    return schema.parse(JSON.parse((await this.expect(200, method, path, body)).text));
  }

  async makeWorkspace(id: string): Promise<void> {
    await this.expect(201, 'POST', '/workspaces/create', { id, name: id });
  }

  async deploy(workspace: string, script: { path: string; language: string; content: string }): Promise<void> {
    const empty = { summary: '', description: '' };
    await this.expect(201, 'POST', `/w/${workspace}/scripts/create`, { ...script, ...empty });
  }

  /** Queues a run through the webhook; the job's id and when the 201 was here. */
  async queue(workspace: string, path: string): Promise<{ id: string; acceptedAt: number }> {
    const { text, at } = await this.expect(201, 'POST', `/w/${workspace}/jobs/run/p/${path}`, {});
    return { id: text, acceptedAt: at };
  }

  /** Runs and waits for the result, which it answers as text; throws when the job fails. */
  async runNow(workspace: string, path: string): Promise<string> {
    return (await this.expect(200, 'POST', `/w/${workspace}/jobs/run_wait_result/p/${path}`, {})).text;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A completed job, as far as benches read it. Times are milliseconds since 1970. */
export const Completed = z
  .object({ success: z.boolean(), started_at: z.iso.datetime(), completed_at: z.iso.datetime(), result: z.unknown() })
  .transform((job) => ({
    success: job.success,
    startedAt: Date.parse(job.started_at),
    completedAt: Date.parse(job.completed_at),
    result: job.result,
  }));
export type Completed = z.output<typeof Completed>;

/** Waits until the job is completed. Looks every 50 ms. */
export const completed = async (
  client: Client,
  workspace: string,
  id: string,
  withinMs = 30_000,
): Promise<Completed> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const reply = await client.send('GET', `/w/${workspace}/jobs_u/completed/get/${id}`);
    if (reply.status === 200) return Completed.parse(JSON.parse(reply.text));
    if (performance.now() > deadline)
      throw new Error(`job ${id} was not completed within ${withinMs} ms: ${reply.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
