import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const running = async (id: string) => {
  const job = aJob({ id, status: 'running', attempt: 2 });
  await stores.jobs.create(job);
  return job;
};

describe('the masks of an attempt', () => {
  it('are none at first, and all of them after each addition', async () => {
    const job = await running('a');
    expect(await stores.masks.read(job, 2)).toEqual({ revision: 0, texts: [] });
    expect(await stores.masks.add(job, 2, ['first secret', 'second secret'])).toBe(true);
    expect(await stores.masks.add(job, 2, ['third secret', 'first secret'])).toBe(true);
    const { revision, texts } = await stores.masks.read(job, 2, 1);
    expect({ revision, texts: texts.sort() }).toEqual({
      revision: 2,
      texts: ['first secret', 'second secret', 'third secret'],
    });
    expect(await stores.masks.read(job, 2, 2)).toEqual({ revision: 2, texts: [] });
    expect(await stores.jobs.get(job)).toMatchObject({ masks: 2, status: 'running' });
  });

  it('are refused once the attempt is over', async () => {
    const job = await running('b');
    expect(await stores.masks.add(job, 1, ['of an older attempt'])).toBe(false);
    await stores.jobs.finish(job, 2, { status: 'success', result: job.args, completedAt: 1 }, 'end');
    expect(await stores.masks.add(job, 2, ['after the end'])).toBe(false);
    expect(await stores.masks.add(aJob({ id: 'nothing' }), 1, ['no such job'])).toBe(false);
  });

  it('keep no text that is too short to be masked, and none that can be read or guessed from the table', async () => {
    const job = await running('c');
    expect(await stores.masks.add(job, 2, ['short'])).toBe(true);
    expect(await stores.masks.read(job, 2)).toEqual({ revision: 0, texts: [] });
    await stores.masks.add(job, 2, ['a secret of the table']);
    const { Items } = await stores.db.send(new ScanCommand({ TableName: 'jobs' }));
    expect(JSON.stringify(Items)).toContain('mask#0002#');
    expect(JSON.stringify(Items)).not.toContain('a secret of the table');
  });
});
