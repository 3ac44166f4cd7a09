import { openAsBlob } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PLACES_AT_ONCE } from '../../../shared/model/package-archive.ts';
import type { StatedContent } from '../../../shared/model/runner.ts';

/** Where places for archives are asked for. */
export type ArchiveInvitation = { url: string; token: string };

/** An archive on the disk of a runner. */
export type PackedArchive = StatedContent & { file: string };

const Places = z.object({ places: z.array(z.object({ url: z.url(), headers: z.record(z.string(), z.string()) })) });
const ASK_WITHIN_MS = 20_000;
const UPLOAD_WITHIN_MS = 300_000;
const AT_ONCE = 4;
const TRIES = 3;

/**
 * Puts archives where the platform says: one PUT each, good for just this content and only while nothing is there. An archive
 * that was there already counts as put, for its name is the hash of its content. Throws with a reason that a user can read.
 * Answers how many were new.
 */
export const storeArchives = async (archives: PackedArchive[], invitation: ArchiveInvitation): Promise<number> => {
  let added = 0;
  for (let at = 0; at < archives.length; at += PLACES_AT_ONCE) {
    const some = archives.slice(at, at + PLACES_AT_ONCE);
    const places = await patiently(() => placesFor(some, invitation));
    const waiting = [...some.entries()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, archive] = next;
        const place = places[index];
        if (place === undefined) throw new Error('fewer places were given than archives were named');
        if (await patiently(() => put(archive, place))) added += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  return added;
};

type Place = z.infer<typeof Places>['places'][number];

const placesFor = async (archives: PackedArchive[], { url, token }: ArchiveInvitation): Promise<Place[]> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ archives: archives.map(({ bytes, sha256 }) => ({ bytes, sha256 })) }),
    signal: AbortSignal.timeout(ASK_WITHIN_MS),
  });
  if (!answer.ok)
    throw new Error(`no place was given for packages (${answer.status} ${(await answer.text()).slice(0, 200)})`);
  return Places.parse(await answer.json()).places;
};

const put = async ({ file }: PackedArchive, { url, headers }: Place): Promise<boolean> => {
  const body = await openAsBlob(file);
  const answer = await fetch(url, { method: 'PUT', headers, body, signal: AbortSignal.timeout(UPLOAD_WITHIN_MS) });
  await answer.arrayBuffer();
  if (!answer.ok && answer.status !== 412) throw new Error(`the storage of packages answered ${answer.status}`);
  return answer.ok;
};

const patiently = async <T>(act: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(tries * 500);
    }
  }
};
