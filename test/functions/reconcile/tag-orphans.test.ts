import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type ReconcileDeps, tagOrphans } from '../../../functions/reconcile/tag-orphans.ts';
import { JobObjects } from '../../../shared/aws/job-objects.ts';
import { s3Client } from '../../../shared/aws/s3.ts';
import { UpkeepCursor } from '../../../shared/aws/upkeep-cursor.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const DAY_MS = 86_400_000;
const large = async (id: string): Promise<string> => {
  const payload = await stores.payloads.put({ workspace: 'demo', id }, 'args', JSON.stringify('a'.repeat(9_000)));
  if (payload.at !== 'object') throw new Error('not large');
  return payload.key;
};
const tagsOf = async (Key: string) =>
  (await s3Client().send(new GetObjectTaggingCommand({ Bucket: 'payloads', Key }))).TagSet;

test('tags what no job points to any more, a day after it was written, and goes on where it stopped', async () => {
  const orphans = [await large('a-orphan'), await large('z-orphan')];
  const owned = await large('m-owned');
  await stores.jobs.create(aJob({ id: 'm-owned', status: 'success', expires: 5 }));
  const objects = new JobObjects(stores.db, 'jobs', 'payloads');
  const cursor = new UpkeepCursor(stores.db, 'jobs', 'reconcile', z.object({ after: z.string() }));
  const deps = (now: number): ReconcileDeps => ({
    cursor: async () => (await cursor.read())?.after,
    remember: (after) => cursor.write(after === undefined ? undefined : { after }),
    // One object a page, so that the walk has something to go on with.
    page: async (after) => (await objects.page(after)).slice(0, 1),
    existing: (jobs) => objects.existing(jobs),
    tag: (object) => objects.tagOrphan(object),
    now: () => now,
  });
  expect(await tagOrphans(deps(Date.now()), () => false)).toEqual({ tagged: 0 });
  expect(await cursor.read()).toBeUndefined();

  let pages = 2;
  const later = deps(Date.now() + DAY_MS + 60_000);
  expect(await tagOrphans(later, () => pages-- === 0)).toEqual({ tagged: 1 });
  expect(await cursor.read()).toEqual({ after: owned });
  expect(await tagOrphans(later, () => false)).toEqual({ tagged: 1 });
  expect(await Promise.all([...orphans, owned].map(tagsOf))).toEqual([
    [{ Key: 'orphan', Value: 'true' }],
    [{ Key: 'orphan', Value: 'true' }],
    [],
  ]);
});
