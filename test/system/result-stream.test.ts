import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { Millrace } from './millrace.ts';
import { memberOfDemo, person } from './trust/people.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
}, 60_000);
afterAll(() => millrace.stop());

// biome-ignore lint/suspicious/noExplicitAny: the wire is untyped, and the assertions are what checks it
type Event = any;

/** The events of an answer, each as soon as it came. */
async function* eventsOf(response: Response): AsyncIterable<Event> {
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) yield JSON.parse(event.replace(/^data: /, ''));
  }
}

/** Reads an answer to its end; `meanwhile` gets what was streamed so far with each event that streams something. */
const followed = async (asked: Promise<Response>, meanwhile: (stream: string) => void = () => undefined) => {
  let [stream, last]: [string, Event] = ['', undefined];
  for await (const event of eventsOf(await asked)) {
    stream += event.new_result_stream ?? '';
    if (event.new_result_stream !== undefined && event.completed === false) meanwhile(stream);
    last = event;
  }
  return { stream, last };
};

const gate = (name: string): string => join(millrace.shared, name);

/** Streams `first`, waits until the gate is open, streams the rest. */
const GATED = {
  python: `
import os, time
def main(gate: str):
    print("said")
    yield "first "
    while not os.path.exists(gate): time.sleep(0.02)
    yield "and\\n"
    yield "last"
`,
  bun: `
import { existsSync } from "node:fs";
export async function* main(gate: string) {
  console.log("said");
  yield "first ";
  while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 20));
  yield "and\\n";
  yield "last";
}
`,
  bash: String.raw`
gate="$1"
echo said
echo "WM_STREAM: first "
until [ -e "$gate" ]; do sleep 0.02; done
echo 'WM_STREAM: and\n'
printf 'WM_STREAM: last'
`,
};
const WHOLE = 'first and\nlast';

const payloadOf = (args: object): string => Buffer.from(JSON.stringify(args)).toString('base64url');

/** Follows a gated job and opens its gate once its first text is there. */
const throughGate = async (file: string, asked: Promise<Response>) => {
  const seen: string[] = [];
  const { stream, last } = await followed(asked, (text) => {
    seen.push(text);
    writeFileSync(file, '');
  });
  expect(seen[0]).toBe('first ');
  return { stream, last };
};

describe('what a job streams', () => {
  it('comes while the job runs, on the connection that started it: Python by path', async () => {
    await millrace.script('f/demo/python', 'python3', GATED.python);
    const file = gate('python');
    const asked = millrace.request('POST', '/w/demo/jobs/run_and_stream/p/f/demo/python', { gate: file });
    const { stream, last } = await throughGate(file, asked);
    expect(stream).toBe(WHOLE);
    expect(last).toMatchObject({ type: 'update', completed: true, success: true, only_result: WHOLE });
  });

  it('comes so from TypeScript by hash, with GET', async () => {
    const hash = await millrace.script('f/demo/bun', 'bun', GATED.bun);
    const file = gate('bun');
    const path = `/w/demo/jobs/run_and_stream/h/${hash}?poll_delay_ms=50&payload=${payloadOf({ gate: file })}`;
    const { stream, last } = await throughGate(file, millrace.request('GET', path));
    expect(stream).toBe(WHOLE);
    expect(last).toMatchObject({ completed: true, success: true, only_result: WHOLE });
  });

  it('comes from a queued Bash job to whoever follows it, is no log, and is read on from any offset', async () => {
    const file = gate('bash');
    const body = { language: 'bash', content: GATED.bash, args: { gate: file } };
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, body);
    const { stream, last } = await throughGate(file, millrace.request('GET', `/w/demo/jobs_u/getupdate_sse/${id}`));
    expect(stream).toBe(WHOLE);
    expect(last).toMatchObject({ completed: true, stream_offset: WHOLE.length, job: { result: WHOLE } });
    const log = await millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}?remove_ansi_warnings=true`, 200);
    expect(log.slice(log.indexOf('\n') + 1)).toBe('said\n');
    for (const from of [0, 5, WHOLE.length]) {
      const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?no_logs=true&stream_offset=${from}`);
      expect(update).toMatchObject({ completed: true, stream_offset: WHOLE.length });
      expect(update.new_result_stream ?? '').toBe(WHOLE.slice(from));
    }
    const rest = await followed(millrace.request('GET', `/w/demo/jobs_u/getupdate_sse/${id}?stream_offset=6`));
    expect(rest.stream).toBe(WHOLE.slice(6));
  });

  it('stands in `wm_stream` of an object that was returned, whose numbers stay as they are', async () => {
    const content = 'def main():\n    print("WM_STREAM: text")\n    return {"n": 12345678901234567890}\n';
    const body = { language: 'python3', content };
    const result = await millrace.text('POST', '/w/demo/jobs/run_wait_result/preview', 200, body);
    expect(result).toBe('{"n":12345678901234567890,"wm_stream":"text"}');
  });

  it('shows no secret, be it in two lines', async () => {
    const secret = 'never-to-be-told';
    const variable = { path: 'f/demo/secret', value: secret, is_secret: true, description: '' };
    await millrace.text('POST', '/w/demo/folders/create', 200, { name: 'demo' });
    await millrace.text('POST', '/w/demo/variables/create', 201, variable);
    const content = `import os, time
def main(secret: str, gate: str):
    yield "it is "
    yield secret[:9]
    while not os.path.exists(gate): time.sleep(0.02)
    yield secret[9:] + "."
`;
    await millrace.script('f/demo/tells', 'python3', content);
    const file = gate('secret');
    const args = { secret: '$var:f/demo/secret', gate: file };
    const seen: string[] = [];
    const asked = millrace.request('POST', '/w/demo/jobs/run_and_stream/p/f/demo/tells', args);
    const { stream, last } = await followed(asked, (text) => {
      seen.push(text);
      writeFileSync(file, '');
    });
    expect(stream).toBe('it is nev*****.');
    expect(last.only_result).toBe(stream);
    expect(seen[0]).toBe('it is ');
  });

  it('begins anew when the job is tried again', async () => {
    const content = `import os
def main(mark: str):
    if os.path.exists(mark):
        yield "second"
        return
    open(mark, "w").close()
    yield "first"
    raise ValueError("once")
`;
    await millrace.script('f/demo/again', 'python3', content, { retry: { constant: { attempts: 1, seconds: 0 } } });
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/again', 201, { mark: gate('again') });
    expect(await millrace.completed(id, 30_000)).toMatchObject({ success: true, result: 'second' });
    const all = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}`);
    expect(all).toMatchObject({ new_result_stream: 'second', stream_offset: 'firstsecond'.length });
    const afterFirst = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}?stream_offset=${'first'.length}`);
    expect(afterFirst).toMatchObject({ new_result_stream: 'second' });
  });

  it('goes with the log of a job that is not to be kept', async () => {
    const content = 'def main():\n    yield "text" * 5000\n';
    await millrace.script('f/demo/brief', 'python3', content, { delete_after_secs: 0 });
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/brief', 201, {});
    expect(await millrace.completed(id)).toMatchObject({ success: true, deleted: true, result: {} });
    const update = await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}`);
    expect(update).toMatchObject({ completed: true });
    expect(Object.keys(update)).not.toContain('new_result_stream');
  });

  it('is nothing of a job that streams nothing', async () => {
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'bash', content: 'echo 1' });
    await millrace.completed(id);
    expect(Object.keys(await millrace.json('GET', `/w/demo/jobs_u/getupdate/${id}`))).not.toContain('stream_offset');
  });
});

describe('run_and_stream', () => {
  it('tells how a job failed', async () => {
    const hash = await millrace.script('f/demo/fails', 'bash', 'echo "WM_STREAM: so far"; exit 3');
    const asked = millrace.request('POST', `/w/demo/jobs/run_and_stream/h/${hash}`, {});
    const { stream, last } = await followed(asked);
    expect(stream).toBe('so far');
    expect(last).toMatchObject({ completed: true, success: false, only_result: { error: { exit_code: 3 } } });
  });

  it('follows a job that had to be queued', async () => {
    const hash = await millrace.script('f/demo/later', 'bash', 'echo "WM_STREAM: late"');
    const path = `/w/demo/jobs/run_and_stream/h/${hash}?scheduled_in_secs=1`;
    const { stream, last } = await followed(millrace.request('POST', path, {}));
    expect([stream, last.only_result]).toEqual(['late', 'late']);
  });

  it('refuses as every run does, before there is a job', async () => {
    await millrace.script('u/admin/own', 'bash', 'echo 1');
    const ann = await memberOfDemo(millrace, 'ann@x.io');
    const stranger = await person(millrace, 'stranger@x.io');
    const asked = async (who: Client, path: string): Promise<number> => {
      const response = await who.request('POST', `/w/demo/jobs/run_and_stream/${path}`, {});
      await response.text();
      return response.status;
    };
    const waited = async (who: Client, path: string): Promise<number> => {
      const response = await who.request('POST', `/w/demo/jobs/run_wait_result/${path}`, {});
      await response.text();
      return response.status;
    };
    const nobody = new Client(millrace.url, 'no-token');
    for (const [who, path, status] of [
      [nobody, 'p/u/admin/own', 401],
      [stranger, 'p/u/admin/own', 403],
      [ann, 'p/u/admin/own', 403],
      [ann, 'p/f/demo/nothing', 404],
      [ann, 'h/0123456789abcdef', 404],
      [millrace, 'p/u/admin/own?poll_delay_ms=1', 400],
    ] as const) {
      expect([path, await asked(who, path)]).toEqual([path, status]);
      if (status !== 400) expect([path, await waited(who, path)]).toEqual([path, status]);
    }
  });
});
