import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createEnvironment, type RunnerEnvironment } from '../../../functions/runner/environment.ts';
import type { Launch } from '../../../functions/runner/launch.ts';
import type { Emit } from '../../../functions/runner/output-reader.ts';
import { type RunDeps, runJob } from '../../../functions/runner/run-job.ts';
import { spawnLaunch } from '../../../functions/runner/spawn-launch.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { Language } from '../../../shared/model/language.ts';
import type { EndFrame, Frame, RunnerRequest } from '../../../shared/model/runner.ts';

const repository = join(import.meta.dirname, '../../..');

/** PATH of the tests: bun's own binary before what the machine has. */
export const PATH = `${join(repository, 'node_modules/@oven/bun-linux-x64/bin')}:${process.env.PATH}`;
export const WRAPPERS = join(repository, 'functions/runner/wrappers');

export const testEnvironment = (path = PATH): RunnerEnvironment => {
  const tmp = mkdtempSync(join(tmpdir(), 'runner-test-'));
  const environment = createEnvironment({ path, tmp, wrappers: WRAPPERS, node: process.execPath });
  afterAll(() => rmSync(tmp, { recursive: true, force: true }));
  return environment;
};

export type Told = {
  frames: Frame[];
  /** All output, and all notes. */
  log: string;
  notes: string[];
  /** The parsed result or error. */
  result: unknown;
  error: { name: string; message: string; stack?: string } & Record<string, unknown>;
  end: EndFrame;
};

export const told = (frames: Frame[]): Told => {
  const end = frames.at(-1);
  if (end?.type !== 'end') throw new Error('the last frame is not `end`');
  const texts = (type: 'log' | 'note') => frames.flatMap((frame) => (frame.type === type ? [frame.text] : []));
  const json = frames.flatMap((frame) => (frame.type === 'result' ? [frame.part] : [])).join('');
  const result = json === '' ? undefined : JSON.parse(json);
  return { frames, log: texts('log').join(''), notes: texts('note'), result, error: result, end };
};

export const requestFor = (language: Language, code: string, args: JsonObject = {}): RunnerRequest => ({
  job: { workspace: 'demo', id: '0193a1b2-0000-7000-8000-000000000001', attempt: 1 },
  language,
  code,
  args: { text: JSON.stringify(args) },
  env: { WM_JOB_ID: '0193a1b2-0000-7000-8000-000000000001', WM_TOKEN: 'secret-token' },
  timeoutMs: 20_000,
  logLimitBytes: 64 * 1024 * 1024,
  resultLimitBytes: 10 * 1024 * 1024,
});

/** Runs a job to its end in `environment`. */
export const runIn =
  (environment: RunnerEnvironment, launch: Launch = spawnLaunch) =>
  async (
    language: Language,
    code: string,
    args: JsonObject = {},
    more: Partial<RunnerRequest> & { emit?: Emit; deps?: Partial<RunDeps> } = {},
  ): Promise<Told> => {
    const { emit, deps, ...request } = more;
    const frames: Frame[] = [];
    await runJob(
      { ...requestFor(language, code, args), ...request },
      {
        emit: async (frame) => {
          frames.push(frame);
          await emit?.(frame);
        },
        now: Date.now,
        environment,
        launch,
        control: { firstMs: 50, everyMs: 50 },
        ...deps,
      },
    );
    return told(frames);
  };

/** False for a zombie too: it only waits for its parent to notice. */
export const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};
