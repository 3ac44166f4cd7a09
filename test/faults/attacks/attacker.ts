import type { Client } from '../../system/client.ts';

export type Told = { success: boolean; result: unknown; log: string };

/** Starts code of a request as `who`; answers the job's id. */
export const begin = (who: Client, language: string, content: string, args: object = {}): Promise<string> =>
  who.text('POST', '/w/demo/jobs/run/preview', 201, { language, content, args });

export const outcome = async (who: Client, id: string, withinMs = 20_000): Promise<Told> => {
  const { success, result } = await who.completed(id, withinMs);
  return { success, result, log: await who.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200) };
};

/** Runs code of a request as `who` to its end. */
export const attack = async (who: Client, language: string, content: string, args: object = {}): Promise<Told> =>
  outcome(who, await begin(who, language, content, args));

/** Waits until a job's log matches, and answers the first group. */
export const said = async (who: Client, id: string, what: RegExp, withinMs = 10_000): Promise<string> => {
  const until = Date.now() + withinMs;
  let log = '';
  while (Date.now() < until) {
    log = await who.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
    const found = what.exec(log)?.[1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`job ${id} never said ${what}: ${log}`);
};

/** The WM_TOKEN of a job that goes on running. */
export const tokenOfRunningJob = async (who: Client): Promise<{ id: string; token: string }> => {
  // backwards, so that it stands in no log as it is
  const id = await begin(who, 'bash', 'echo "=$WM_TOKEN=" | rev; sleep 100');
  return { id, token: [...(await said(who, id, /^=(\S+)=$/m))].reverse().join('') };
};
