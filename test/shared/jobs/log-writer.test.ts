import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogEnd, LogWriter } from '../../../shared/jobs/log-writer.ts';
import type { LogStore } from '../../../shared/jobs/payload-ports.ts';
import type { MaskStore } from '../../../shared/jobs/value-ports.ts';
import type { Job } from '../../../shared/model/job.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const read = async (id: string, { tail }: LogEnd, attempt = 1): Promise<string> => {
  const job = aJob({ id, attempt, ...(tail === undefined ? {} : { log_tail: tail }) });
  let text = '';
  for await (const piece of stores.logReads.text(await stores.logReads.parts(job))) text += piece;
  return text;
};

const running = (id: string, more: Partial<Job> = {}): Job => aJob({ id, status: 'running', attempt: 1, ...more });
const writer = (job: Job, more: { logs?: LogStore; masks?: MaskStore; start?: number } = {}): LogWriter =>
  new LogWriter({ logs: stores.logs, masks: stores.masks, now: Date.now, ...more }, job, more.start ?? 0);

describe('a log writer', () => {
  it('writes nothing of a short log: it goes with the job', async () => {
    const log = writer(running('short'));
    await log.write('hello\n');
    expect(await log.end(false)).toEqual({ tail: { start: 0, text: 'hello\n' }, masks: 0 });
  });

  it('keeps every character of a long log over pages, objects and tail', async () => {
    const log = writer(running('long'));
    let whole = '';
    for (let n = 0; n < 60; n += 1) {
      const text = `${n} ${'é🚂x'.repeat(n * 40)}\n`;
      whole += text;
      await log.write(text);
      if (n % 4 === 0) await log.flush();
    }
    expect(await read('long', await log.end(false))).toBe(whole);
  });

  it('goes on after the log of an earlier attempt', async () => {
    const first = writer(running('twice'));
    await first.write('one\n');
    await first.flush();
    const job = running('twice', { attempt: 2 });
    const second = writer(job, { start: await stores.logs.length(job) });
    await second.write('two\n');
    await first.write('late\n');
    await first.flush();
    expect(await read('twice', await second.end(false), 2)).toBe('one\ntwo\n');
  });

  it('keeps a page that could not be written and writes it with the next', async () => {
    let broken = true;
    const logs: LogStore = {
      append: (key, page) => (broken ? Promise.reject(new Error('no')) : stores.logs.append(key, page)),
      offload: (key, page, covered) => stores.logs.offload(key, page, covered),
      length: (key) => stores.logs.length(key),
    };
    const log = writer(running('flaky'), { logs });
    await log.write('a'.repeat(1000));
    await log.flush();
    broken = false;
    await log.write('b'.repeat(1000));
    await log.flush();
    expect(await read('flaky', await log.end(false))).toBe('a'.repeat(1000) + 'b'.repeat(1000));
  });

  it('gives up a log that can never be written for a notice, so that the job can end', async () => {
    const logs: LogStore = {
      append: () => Promise.reject(new Error('no')),
      offload: () => Promise.reject(new Error('no')),
      length: async () => 0,
    };
    const log = writer(running('dead'), { logs });
    await log.write('a'.repeat(1000));
    expect((await log.end(false)).tail?.text).toMatch(/could not be stored/);
  });
});

const SECRET = 'hunter2-and-more';
const NOTICE = '[millrace] secret values were masked in this log\n';

describe('the secrets of an attempt', () => {
  it('are masked in a page, in two writes, and in the tail, and a notice tells it', async () => {
    const log = writer(running('given'));
    log.masks.add([SECRET]);
    await log.write(`it is ${SECRET}; or ${SECRET.slice(0, 9)}`);
    await log.flush();
    await log.write(`${SECRET.slice(9)} ${Buffer.from(`x${SECRET}`).toString('base64')}`);
    const text = await read('given', await log.end(false));
    expect(text).toMatch(/^it is hun\*{5}; or hun\*{5} eG\w+\*{5}\w?=*\n\[millrace\] secret values were masked/);
  });

  it('that the job fetched meanwhile are known to each page that may hold them', async () => {
    const job = running('fetched');
    await stores.jobs.create(job);
    const log = writer(job);
    await log.write('before\n');
    await log.flush();
    expect(await stores.masks.add(job, 1, [SECRET])).toBe(true);
    await log.write(`now: ${SECRET} and a longer line\n`);
    await log.flush();
    await log.write('after\n');
    const end = await log.end(false);
    expect(end.masks).toBe(1);
    expect(await read('fetched', end)).toBe(`before\nnow: hun***** and a longer line\nafter\n${NOTICE}`);
  });

  it('are counted as they are shown, whatever they took', async () => {
    const log = writer(running('counted'));
    log.masks.add([SECRET]);
    for (let n = 0; n < 400; n += 1) {
      await log.write(`${n} ${SECRET} 🚂\n`);
      if (n % 50 === 0) await log.flush();
    }
    const end = await log.end(false);
    const shown = Array.from({ length: 400 }, (_, n) => `${n} hun***** 🚂\n`).join('');
    expect(await read('counted', end)).toBe(shown + NOTICE);
    expect(end.tail?.start).toBe([...shown].length);
  });

  it('that half stands at the end of a long log is shown as it is', async () => {
    const log = writer(running('half'));
    log.masks.add([SECRET]);
    await log.write(`${'x'.repeat(1_000)} hunter2-and`);
    expect(await read('half', await log.end(false))).toBe(`${'x'.repeat(1_000)} hunter2-and`);
  });

  it('hold the log back while they cannot be read, and take its rest along if they never can', async () => {
    let broken = true;
    const masks: MaskStore = {
      add: (key, attempt, texts) => stores.masks.add(key, attempt, texts),
      read: (...of) => (broken ? Promise.reject(new Error('no')) : stores.masks.read(...of)),
    };
    const job = running('unreadable');
    await stores.jobs.create(job);
    const log = writer(job, { masks });
    await stores.masks.add(job, 1, [SECRET]);
    await log.write(`${SECRET} ${'x'.repeat(1_000)}\n`);
    await log.flush();
    expect(await stores.logs.length(job)).toBe(0);
    broken = false;
    await log.flush();
    expect(await stores.logs.length(job)).toBe(1_010);
    broken = true;
    await log.write(`${SECRET} ${'x'.repeat(1_000)}\n`);
    expect((await log.end(false)).tail?.text).toMatch(/could not be stored/);
    expect(log.masks.completion({ status: 'failure', result: '{"error":{"message":"x"}}' }).result).toMatch(
      /not shown/,
    );
  });
});
