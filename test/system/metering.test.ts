import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeterReading, UsageByOperation } from '../../local/gateway/meter.ts';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start({ workers: 1 });
  await millrace.workspace();
  await millrace.script(
    'f/demo/small',
    'python3',
    'def main(n: int = 1):\n    print("working")\n    return {"n": n}\n',
  );
}, 60_000);
afterAll(() => millrace.stop());

/** A poll that brought nothing costs the same with and without jobs: only the hand-over of a message is the job's. */
const IDLE = ['sqs:ReceiveMessage'];

/** Lets a job do all that it owes: after its end is visible, its message is still deleted. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

const bill = (reading: MeterReading): { calls: number; read: number; write: number; of: Record<string, number> } => {
  const of: Record<string, number> = {};
  const total = { calls: 0, read: 0, write: 0, of };
  const add = (name: string, usage: UsageByOperation): void => {
    for (const [operation, { calls, readUnits, writeUnits }] of Object.entries(usage)) {
      if (name === 'event-sources' && IDLE.includes(operation)) continue;
      total.calls += calls;
      total.read += readUnits;
      total.write += writeUnits;
      of[`${name} ${operation}`] = calls;
    }
  };
  for (const [name, usage] of Object.entries(reading.functions)) if (!name.includes('reaper')) add(name, usage);
  return total;
};

/** What the whole life of one job cost: nothing else goes on, and the end is looked for without asking the API. */
const costOf = async (run: () => Promise<void>): Promise<ReturnType<typeof bill>> => {
  await run();
  await settled();
  millrace.cloud.meter.reset();
  await run();
  await settled();
  return bill(millrace.cloud.meter.read());
};

describe('the whole life of a small script job costs', () => {
  it('at most 8 write units, 3 read units and 12 calls from a queue', async () => {
    const cost = await costOf(async () => {
      const ended = invocationsOf('dispatch') + 1;
      await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/small', 201, { n: 2 });
      for (let tries = 0; tries < 100 && invocationsOf('dispatch') < ended; tries += 1) await pause();
    });
    expect(cost.write, JSON.stringify(cost)).toBeLessThanOrEqual(8);
    expect(cost.read, JSON.stringify(cost)).toBeLessThanOrEqual(3);
    // one ReceiveMessage handed the job over
    expect(cost.calls + 1, JSON.stringify(cost)).toBeLessThanOrEqual(12);
    expect(cost.write, 'the table says what it took').toBeGreaterThan(0);
  });

  it('no more when its caller waits for it', async () => {
    const cost = await costOf(async () => {
      await millrace.json('POST', '/w/demo/jobs/run_wait_result/p/f/demo/small', { n: 3 });
    });
    expect(cost.write, JSON.stringify(cost)).toBeLessThanOrEqual(8);
    expect(cost.read, JSON.stringify(cost)).toBeLessThanOrEqual(3);
    expect(cost.calls, JSON.stringify(cost)).toBeLessThanOrEqual(12);
  });
});

describe('while no job runs', () => {
  it('no function makes a call but the reaper', async () => {
    await settled();
    millrace.cloud.meter.reset();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { functions, invocations } = millrace.cloud.meter.read();
    expect(Object.keys(functions).filter((name) => !name.includes('reaper') && name !== 'event-sources')).toEqual([]);
    expect(Object.keys(invocations).filter((name) => !name.includes('reaper'))).toEqual([]);
    // A poller's long poll waits 20 s: it cannot have asked more than once or twice.
    const polls = functions['event-sources']?.['sqs:ReceiveMessage']?.calls ?? 0;
    expect(polls).toBeLessThan(40);
  });
});

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
const invocationsOf = (word: string): number =>
  millrace.cloud.meter.read().invocations[millrace.cloud.functionNamed(word)]?.count ?? 0;
