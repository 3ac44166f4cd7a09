import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishAttempt } from '../../../shared/jobs/finish-attempt.ts';
import { LogWriter } from '../../../shared/jobs/log-writer.ts';
import { type Completion, failed } from '../../../shared/model/completion.ts';
import type { Job } from '../../../shared/model/job.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const SECRET = 'hunter2-and-more';
const success: Completion = { status: 'success', result: JSON.stringify(SECRET) };

/** A job that printed and fetched the secret, told to the store only after the log's last look at it. */
const ran = async (id: string, output: string, more: Partial<Job> = {}) => {
  const job = aJob({ id, status: 'running', attempt: 1, started_at: 1_000, ...more });
  await stores.jobs.create(job);
  const deps = { ...stores, now: () => 2_000 };
  const log = new LogWriter(deps, job, 0);
  await log.write(output);
  return {
    job,
    fetch: () => stores.masks.add(job, 1, [SECRET]),
    finish: (completion: Completion) => finishAttempt(deps, job, { completion, timedOut: false }, log, 'end:1'),
  };
};

describe('the end of an attempt', () => {
  it('masks a secret that came to the job after the last look, and leaves what the script returned', async () => {
    const { fetch, finish } = await ran('late', `it is ${SECRET}\n`);
    await fetch();
    expect(await finish(success)).toMatchObject({
      status: 'success',
      masks: 1,
      result: { text: JSON.stringify(SECRET) },
      log_tail: { text: 'it is hun*****\n[millrace] secret values were masked in this log\n' },
    });
  });

  it('masks errors, short and long, in every text of them', async () => {
    const error = { name: 'E', message: `no ${SECRET}`, more: [{ [SECRET]: 1 }] };
    const short = await ran('short error', '');
    await short.fetch();
    const masked = { name: 'E', message: 'no hun*****', more: [{ 'hun*****': 1 }] };
    expect((await short.finish(failed(error)))?.result).toEqual({
      at: 'inline',
      text: JSON.stringify({ error: masked }),
    });
    const long = await ran('long error', '');
    await long.fetch();
    const finished = await long.finish(failed({ ...error, stack: `${SECRET} `.repeat(2_000) }));
    if (finished?.result === undefined) throw new Error('no result');
    expect(await stores.payloads.get(long.job, finished.result)).not.toContain(SECRET);
  });

  it('masks the log of a job that was canceled meanwhile', async () => {
    const { job, fetch, finish } = await ran('canceled', `it is ${SECRET}\n`);
    await fetch();
    await stores.jobs.requestCancel(job, { by: 'ann', reason: undefined });
    expect(await finish(success)).toMatchObject({
      status: 'canceled',
      log_tail: { text: expect.stringContaining('it is hun*****') },
    });
  });

  it('takes one write where no secret came', async () => {
    const { finish } = await ran('plain', 'hello\n');
    expect(await finish(success)).toMatchObject({ status: 'success', log_tail: { text: 'hello\n' } });
  });

  it('goes on with the masks of an earlier attempt counted', async () => {
    const { finish } = await ran('again', 'hello\n', { masks: 3 });
    expect(await finish(success)).toMatchObject({ status: 'success', masks: 3 });
  });
});
