import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';

/** A whole Millrace on a state folder of its own, and plain HTTP to it as its admin. */
export class Millrace {
  readonly cloud: LocalCloud;
  readonly home: string;

  private constructor(cloud: LocalCloud, home: string) {
    this.cloud = cloud;
    this.home = home;
  }

  static async start(home?: string): Promise<Millrace> {
    const folder = home ?? (await mkdtemp(join(tmpdir(), 'millrace-test-')));
    const cloud = await startLocalCloud({ home: folder, port: 0 });
    return new Millrace(cloud, folder);
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  /** A request under `/api` with the admin's token; `body` is sent as JSON unless it is text. */
  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${this.cloud.url}/api${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${this.cloud.adminToken}`,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
  }

  /** A JSON answer; tests state what they expect of it. */
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
  async json(method: string, path: string, body?: unknown): Promise<any> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  /** Text of an answer that must have this status. */
  async text(
    method: string,
    path: string,
    status: number,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<string> {
    const response = await this.request(method, path, body, headers);
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${method} ${path}: ${response.status} instead of ${status}: ${text}`);
    return text;
  }

  async workspace(id = 'demo'): Promise<void> {
    await this.text('POST', '/workspaces/create', 201, { id, name: id });
  }

  /** Deploys a script and answers its hash. */
  script(path: string, language: string, content: string, more: object = {}): Promise<string> {
    return this.text('POST', '/w/demo/scripts/create', 201, {
      path,
      language,
      content,
      summary: '',
      description: '',
      ...more,
    });
  }

  /** Waits for a job's end, as clients do. */
  // biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
  async completed(id: string, withinMs = 15_000): Promise<any> {
    const until = Date.now() + withinMs;
    while (Date.now() < until) {
      const response = await this.request('GET', `/w/demo/jobs_u/completed/get/${id}`);
      if (response.status === 200) return response.json();
      await response.text();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(
      `job ${id} did not complete within ${withinMs} ms: ${await this.text('GET', `/w/demo/jobs_u/get/${id}`, 200)}`,
    );
  }
}
