import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CONTROL_TIMES } from '../functions/runner/control-poll.ts';
import { createEnvironment } from '../functions/runner/environment.ts';
import { preparedLaunch } from '../functions/runner/prepared-launch.ts';
import { runJob } from '../functions/runner/run-job.ts';
import { spawnLaunch } from '../functions/runner/spawn-launch.ts';
import { imagePath } from '../local/image-path.ts';
import type { RunnerRequest } from '../shared/model/runner.ts';
import { bareJobs, NOOP, spawnOnce } from './interpreter.ts';
import { atMost, ms, type Report, times } from './report.ts';
import { median } from './statistics.ts';

const ROUNDS = 60;
const WARM_UP = 5;
const PREPARED_WITHIN_MS = 10_000;

const request: RunnerRequest = {
  job: { workspace: 'bench', id: '0193a1b2-0000-7000-8000-000000000001', attempt: 1 },
  language: 'python3',
  code: NOOP.python3,
  args: { text: '{}' },
  env: {},
  timeoutMs: 20_000,
  logLimitBytes: 1_000_000,
  resultLimitBytes: 1_000_000,
};

/** A no-op Python job in a warm environment, from its request to its last frame, beside a bare spawn of the interpreter, in turns. */
export const prepared = async (): Promise<Report> => {
  const root = resolve(import.meta.dirname, '..');
  const tmp = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  // biome-ignore lint/style/noProcessEnv: a bench is run by hand, with the PATH of its user
  const path = imagePath(root, process.env.PATH ?? '');
  const wrappers = join(root, 'functions/runner/wrappers');
  const environment = createEnvironment({ path, tmp, wrappers, node: process.execPath });
  const python = preparedLaunch(spawnLaunch, { path, wrappers });
  const job = async (): Promise<number> => {
    const from = performance.now();
    const deps = { emit: async () => undefined, now: Date.now, environment, control: CONTROL_TIMES };
    await runJob(request, { ...deps, launch: python.launch });
    return performance.now() - from;
  };
  try {
    await job();
    const until = performance.now() + PREPARED_WITHIN_MS;
    while (!python.isPrepared() && performance.now() < until) await new Promise((done) => setTimeout(done, 10));
    const { python3 } = await bareJobs();
    const jobs: number[] = [];
    const spawns: number[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      if (!python.isPrepared()) throw new Error('no interpreter is prepared');
      const [forked, spawned] = [await job(), await spawnOnce(python3)];
      if (round < 0) continue;
      jobs.push(forked);
      spawns.push(spawned);
    }
    const [quick, bare] = [median(jobs), median(spawns)];
    const row = atMost(
      'a warm no-op job, its folder and files included, against a bare spawn',
      quick / bare,
      0.5,
      times,
    );
    return {
      title: 'Prepared interpreter: a Python job in a warm environment',
      rows: [{ ...row, measured: `${row.measured} (${ms(quick)} against ${ms(bare)})` }],
      notes: [`${ROUNDS} of each in turns, the same executable: ${python3.file}`],
    };
  } finally {
    python.close();
    environment.close();
    rmSync(tmp, { recursive: true, force: true });
  }
};
