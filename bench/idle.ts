import { setTimeout as pause } from 'node:timers/promises';
import { completed } from './client.ts';
import { withCloud } from './cloud.ts';
import { NOOP } from './interpreter.ts';
import type { MeterReading } from './meter-reading.ts';
import { familyMemory } from './processes.ts';
import { atMost, mebibytes, plain, type Report, type Row } from './report.ts';

const LIMIT_BYTES = 500 * 2 ** 20;
const SETTLE_MS = 3000;
/** Longer than a minute, so that the reaper's tick is in it. */
const WATCH_MS = 75_000;

const callsOf = (reading: MeterReading, wanted: (name: string) => boolean): { total: number; list: string } => {
  const calls = Object.entries(reading.functions)
    .filter(([name]) => wanted(name))
    .flatMap(([name, operations]) =>
      Object.entries(operations).map(([what, usage]) => ({ name, what, calls: usage.calls })),
    );
  const list = calls.map((one) => `${one.name} ${one.what} ${one.calls}`).join(', ');
  return { total: calls.reduce((sum, one) => sum + one.calls, 0), list: list === '' ? 'none' : list };
};

const isReaper = (name: string): boolean => name.endsWith('reaper');
const isPolling = (name: string): boolean => name === 'event-sources';

const rowsOf = (reading: MeterReading): Row[] => {
  const minutes = WATCH_MS / 60_000;
  const perMinute = (wanted: (name: string) => boolean): string => plain(callsOf(reading, wanted).total / minutes);
  const others = callsOf(reading, (name) => !isReaper(name) && !isPolling(name)).total;
  return [
    { what: 'calls of functions but the reaper', measured: String(others), target: '0', ok: others === 0 },
    { what: 'calls of the reaper a minute', measured: perMinute(isReaper) },
    { what: 'polls of event sources a minute', measured: perMinute(isPolling) },
  ];
};

/** The whole local cloud while nothing runs: its memory after a start and after jobs ran, and what is called. */
export const idle = (): Promise<Report> =>
  withCloud(async (cloud) => {
    const { client, pid } = cloud;
    await pause(SETTLE_MS);
    const fresh = familyMemory(pid);
    await client.deploy('bench', { path: 'f/bench/noop', language: 'python3', content: NOOP.python3 });
    for (let run = 0; run < 5; run += 1) {
      await client.runNow('bench', 'f/bench/noop');
      await completed(client, 'bench', (await client.queue('bench', 'f/bench/noop')).id);
    }
    await pause(SETTLE_MS);
    const used = familyMemory(pid);
    await cloud.resetMeter();
    await pause(WATCH_MS);
    const reading = await cloud.meter();
    return {
      title: 'idle: the whole local cloud while no job runs',
      rows: [
        atMost(`memory after the start (${fresh.processes} processes)`, fresh.bytes, LIMIT_BYTES, mebibytes),
        atMost(`memory after jobs of both kinds (${used.processes} processes)`, used.bytes, LIMIT_BYTES, mebibytes),
        ...rowsOf(reading),
      ],
      notes: [`calls in ${WATCH_MS / 1000} s: ${callsOf(reading, () => true).list}`],
    };
  });
