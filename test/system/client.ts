/** Plain HTTP to a Millrace as its admin, as any client speaks it. */
export class Client {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  /** A request under `/api` with the admin's token; `body` is sent as JSON unless it is text or bytes. */
  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const sent = plain ? (body as string | Uint8Array<ArrayBuffer> | undefined) : JSON.stringify(body);
    return fetch(`${this.url}/api${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
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

  /** Waits until a job runs. */
  async running(id: string, withinMs = 10_000): Promise<void> {
    const until = Date.now() + withinMs;
    while (Date.now() < until) {
      const job = await this.json('GET', `/w/demo/jobs_u/get/${id}?no_logs=true`);
      if (job.running === true) return;
      if (job.type === 'CompletedJob') throw new Error(`job ${id} is completed: ${JSON.stringify(job)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`job ${id} did not run within ${withinMs} ms`);
  }
}
