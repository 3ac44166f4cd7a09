import { setTimeout as sleep } from 'node:timers/promises';

/** Where an attempt's frames go, and what opens that place. */
export type Attempt = { url: string; token: string };

/** The attempt is over: whatever this runner says is not wanted any more. */
export class AttemptOver extends Error {
  override readonly name = 'AttemptOver';
}

const ANSWER_WITHIN_MS = 35_000;
const LONGEST_PAUSE_MS = 5_000;
const OVER = new Set([401, 404, 410]);

/**
 * Asks the platform something about the attempt, and again until it answers 2xx: what fails may pass, and asking twice is
 * harmless. Throws AttemptOver when the attempt is over, and gives up `untilMs` after the last moment that it might be heard.
 */
export const ask = async (
  { url, token }: Attempt,
  what: string,
  body: unknown,
  giveUp: AbortSignal,
): Promise<unknown> => {
  for (let tries = 0; ; tries += 1) {
    const answer = await once(`${url}/${what}`, token, body);
    if (answer !== undefined) return answer.value;
    if (giveUp.aborted) throw new AttemptOver(`${what}: no answer`);
    await sleep(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** tries), undefined, { signal: giveUp }).catch(() => undefined);
  }
};

/** Undefined: no answer that counts. */
const once = async (url: string, token: string, body: unknown): Promise<{ value: unknown } | undefined> => {
  const sent =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, {
      ...sent,
      headers: { ...sent.headers, authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (OVER.has(answer.status)) throw new AttemptOver(`${answer.status} ${await answer.text()}`);
    if (answer.ok) return { value: await answer.json() };
    await answer.text();
    return undefined;
  } catch (error) {
    if (error instanceof AttemptOver) throw error;
    return undefined;
  }
};
