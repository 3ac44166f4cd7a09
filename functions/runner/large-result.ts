import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { RunnerRequest } from '../../shared/model/runner.ts';

/** A result that is too large for frames: `bytes` of a file from byte `from` on. */
export type LargeResult = { file: string; from: number; bytes: number };

type Invitation = NonNullable<RunnerRequest['largeResult']>;

const Upload = z.object({ url: z.url(), headers: z.record(z.string(), z.string()) });
const ASK_WITHIN_MS = 20_000;
const UPLOAD_WITHIN_MS = 300_000;
const TRIES = 3;

/**
 * Puts a result where the platform says, read from its file piece by piece, and answers what the platform will find there.
 * Throws with a reason that a user can read.
 */
export const uploadResult = async (
  { file, from, bytes }: LargeResult,
  invitation: Invitation,
): Promise<{ bytes: number; sha256: string }> => {
  const body = (await openAsBlob(file)).slice(from, from + bytes);
  const hash = createHash('sha256');
  for await (const piece of body.stream()) hash.update(piece);
  const stated = { bytes, sha256: hash.digest('hex') };
  await patiently(async () => {
    const { url, headers } = await placeFor(invitation, stated);
    const answer = await fetch(url, { method: 'PUT', headers, body, signal: AbortSignal.timeout(UPLOAD_WITHIN_MS) });
    await answer.arrayBuffer();
    // 412: it is there already. Whether it is this one is looked at by whoever takes the result.
    if (!answer.ok && answer.status !== 412) throw new Error(`its storage answered ${answer.status}`);
  });
  return stated;
};

const placeFor = async (invitation: Invitation, stated: { bytes: number; sha256: string }) => {
  const answer = await fetch(invitation.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${invitation.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(stated),
    signal: AbortSignal.timeout(ASK_WITHIN_MS),
  });
  if (!answer.ok)
    throw new Error(`no place was given for it (${answer.status} ${(await answer.text()).slice(0, 200)})`);
  return Upload.parse(await answer.json());
};

const patiently = async (act: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(tries * 500);
    }
  }
};
