import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogWriter } from '../../../shared/jobs/log-writer.ts';
import type { LogStore } from '../../../shared/jobs/ports.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const read = async (id: string, tail: Awaited<ReturnType<LogWriter['end']>>, attempt = 1): Promise<string> => {
  const job = aJob({ id, attempt, ...(tail === undefined ? {} : { log_tail: tail }) });
  let text = '';
  for await (const piece of stores.logReads.text(await stores.logReads.parts(job))) text += piece;
  return text;
};

describe('a log writer', () => {
  it('writes nothing of a short log: it goes with the job', async () => {
    const log = new LogWriter(stores.logs, aJob({ id: 'short' }), 1, 0, Date.now);
    await log.write('hello\n');
    expect(await log.end()).toEqual({ start: 0, text: 'hello\n' });
  });

  it('keeps every character of a long log over pages, objects and tail', async () => {
    const log = new LogWriter(stores.logs, aJob({ id: 'long' }), 1, 0, Date.now);
    let whole = '';
    for (let n = 0; n < 60; n += 1) {
      const text = `${n} ${'é🚂x'.repeat(n * 40)}\n`;
      whole += text;
      await log.write(text);
      if (n % 4 === 0) await log.flush();
    }
    expect(await read('long', await log.end())).toBe(whole);
  });

  it('goes on after the log of an earlier attempt', async () => {
    const job = aJob({ id: 'twice' });
    const first = new LogWriter(stores.logs, job, 1, 0, Date.now);
    await first.write('one\n');
    await first.flush();
    const second = new LogWriter(stores.logs, job, 2, await stores.logs.length(job), Date.now);
    await second.write('two\n');
    await first.write('late\n');
    await first.flush();
    expect(await read('twice', await second.end(), 2)).toBe('one\ntwo\n');
  });

  it('keeps a page that could not be written and writes it with the next', async () => {
    let broken = true;
    const flaky: LogStore = {
      append: (key, page) => (broken ? Promise.reject(new Error('no')) : stores.logs.append(key, page)),
      offload: (key, page, covered) => stores.logs.offload(key, page, covered),
      length: (key) => stores.logs.length(key),
    };
    const log = new LogWriter(flaky, aJob({ id: 'flaky' }), 1, 0, Date.now);
    await log.write('a'.repeat(1000));
    await log.flush();
    broken = false;
    await log.write('b'.repeat(1000));
    await log.flush();
    expect(await read('flaky', await log.end())).toBe('a'.repeat(1000) + 'b'.repeat(1000));
  });

  it('gives up a log that can never be written for a notice, so that the job can end', async () => {
    const dead: LogStore = {
      append: () => Promise.reject(new Error('no')),
      offload: () => Promise.reject(new Error('no')),
      length: async () => 0,
    };
    const log = new LogWriter(dead, aJob({ id: 'dead' }), 1, 0, Date.now);
    await log.write('a'.repeat(1000));
    expect((await log.end())?.text).toMatch(/could not be stored/);
  });
});
