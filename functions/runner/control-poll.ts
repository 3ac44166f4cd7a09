import { ControlAnswer, type RunnerRequest } from '../../shared/model/runner.ts';

/** Milliseconds before the first question and between two. */
export type ControlTimes = { firstMs: number; everyMs: number };

export const CONTROL_TIMES: ControlTimes = { firstMs: 3000, everyMs: 3000 };
const ANSWER_WITHIN_MS = 10_000;

/**
 * Asks from time to time whether the attempt should go on, and calls `stop` once when told not to, or when the attempt is
 * not valid any more (401, 404, 410). Anything else that goes wrong is asked again. Returns what ends the asking.
 */
export const pollControl = (
  control: NonNullable<RunnerRequest['control']>,
  times: ControlTimes,
  stop: () => void,
): (() => void) => {
  const over = new AbortController();
  const ask = async (): Promise<void> => {
    if (await toldToStop(control, over.signal)) {
      if (!over.signal.aborted) stop();
      return;
    }
    if (!over.signal.aborted) timer = setTimeout(() => void ask(), times.everyMs);
  };
  let timer = setTimeout(() => void ask(), times.firstMs);
  return () => {
    over.abort();
    clearTimeout(timer);
  };
};

const toldToStop = async (control: { url: string; token: string }, over: AbortSignal): Promise<boolean> => {
  try {
    const answer = await fetch(control.url, {
      headers: { authorization: `Bearer ${control.token}` },
      signal: AbortSignal.any([over, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    if ([401, 404, 410].includes(answer.status)) return true;
    return answer.ok && ControlAnswer.parse(await answer.json()).action === 'stop';
  } catch {
    return false;
  }
};
