import type { JsonObject } from '../../../shared/model/json.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import type { Interpreter } from '../interpreters.ts';
import type { JobFolder } from '../job-folder.ts';
import type { LastLines } from '../last-lines.ts';
import type { Ended } from '../launch.ts';
import type { Verdict } from '../outcome.ts';

/** Where things are in this environment. */
export type Places = {
  wrappers: string;
  interpreter: (name: Interpreter) => Promise<string>;
  /** The Node that `//nodejs` scripts run on. */
  node: string;
};

type PlanInput = {
  request: RunnerRequest;
  args: JsonObject;
  /** What `args` was parsed from: a language whose numbers hold more than JavaScript's gets the text. */
  argsText: string;
  folder: JobFolder;
  places: Places;
  /** PATH of the jobs. */
  path: string;
  /** Folders of the packages in the request, in place already. */
  packages: readonly string[];
};

/** How one job of a language is run: its files are written already. */
export type Plan = {
  file: string;
  argv: string[];
  env: Record<string, string>;
  /** See Command. */
  python?: { entrypoint: string; inside: string; packages: readonly string[] };
  /** A line for the log before it starts. */
  note?: string;
  /** What remains to be done after a success, within so many milliseconds; no code of the user runs meanwhile. */
  after?: (verdict: Verdict, withinMs: number) => Promise<Verdict>;
  /** Reads what the run came to from the job's folder; undefined: the process said nothing. */
  verdict: (ended: Ended, output: LastLines) => Verdict | undefined;
};

/** Writes a job's files into its folder and says what to start. */
export type Planner = (input: PlanInput) => Promise<Plan>;
