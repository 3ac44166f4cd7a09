import { join } from 'node:path';
import { JsonObject, parseJson } from '../../shared/model/json.ts';
import type { Language } from '../../shared/model/language.ts';
import type { Outcome, RunnerRequest } from '../../shared/model/runner.ts';
import { type ControlTimes, pollControl } from './control-poll.ts';
import type { RunnerEnvironment } from './environment.ts';
import { createJobFolder, type JobFolder, removeJobFolder } from './job-folder.ts';
import { planBash } from './languages/bash.ts';
import type { Plan, Planner } from './languages/language-plan.ts';
import { planPython } from './languages/python.ts';
import { planTypescript } from './languages/typescript.ts';
import { uploadResult } from './large-result.ts';
import { LastLines } from './last-lines.ts';
import type { Ended, Launch } from './launch.ts';
import { failure, type Verdict } from './outcome.ts';
import { type Emit, FrameWriter, readOutput } from './output-reader.ts';
import { chooseHere } from './packages/choose-here.ts';
import { choiceIn } from './packages/install-npm.ts';
import { linked, PackagesLost } from './packages/linked-packages.ts';
import { mergeFolders } from './packages/merge-folders.ts';
import { planDependencies } from './packages/plan-dependencies.ts';
import { planNpmLock } from './packages/plan-npm-lock.ts';
import { checkPython } from './packages/put-packages.ts';
import { killGroup } from './processes.ts';

export type RunDeps = {
  emit: Emit;
  /** Milliseconds since 1970. */
  now: () => number;
  environment: RunnerEnvironment;
  launch: Launch;
  control: ControlTimes;
  /** Aborted when somebody else who asks was told to stop the attempt. */
  stop?: AbortSignal;
};

const PLANNERS: Record<Language, Planner> = { python3: planPython, bash: planBash, bun: planTypescript };
const RESULT_PART_CHARS = 128 * 1024;
/** Getting packages from their index. */
const PACKAGES_WITHIN_MS = 300_000;
/** How long output may still come after a process and all its known descendants ended. */
const LAST_OUTPUT_MS = 250;

/**
 * Runs one attempt at a job and says everything about it in frames, `end` last, whatever goes wrong. When it resolves, no
 * process of the job lives and its folder is gone.
 */
export const runJob = async (request: RunnerRequest, deps: RunDeps): Promise<void> => {
  const writer = new FrameWriter(deps.emit);
  const startedAt = deps.now();
  const folder = createJobFolder(deps.environment.root);
  try {
    const ran = await attempt(request, deps, writer, folder);
    await end(writer, request, ran, { startedAt: ran.startedAt, durationMs: deps.now() - ran.startedAt });
  } catch (error) {
    const verdict = failure(error instanceof Error ? error.name : 'Error', messageOf(error));
    await end(writer, request, { outcome: 'failure', verdict }, { startedAt, durationMs: deps.now() - startedAt });
  } finally {
    await removeJobFolder(folder.path);
  }
};

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const tooBig = 'code' in error && error.code === 'E2BIG';
  return tooBig ? 'The arguments or the environment are too large to start a process with (E2BIG)' : error.message;
};

type Ran = { outcome: Outcome; verdict: Verdict; startedAt: number };

const attempt = async (request: RunnerRequest, deps: RunDeps, writer: FrameWriter, folder: JobFolder): Promise<Ran> => {
  const { environment } = deps;
  const argsText = await argsTextOf(request);
  const args = parsedArgs(argsText);
  const packages = await placePackages(request, environment, writer, folder);
  const { places, path } = environment;
  const plan = await plannerOf(request)({ request, args, argsText, folder, places, path, packages });
  if (plan.note !== undefined) await writer.note(plan.note);
  const last = new LastLines(request.resultLimitBytes);
  const pipe = await environment.pipe();
  const startedAt = deps.now();
  const command = {
    file: plan.file,
    argv: plan.argv,
    cwd: folder.path,
    env: envOf(request, plan, environment.path, folder),
    tmp: folder.tmp,
    ...(plan.python === undefined ? {} : { python: plan.python }),
  };
  const running = await deps.launch(command, pipe).catch((error: unknown) => {
    pipe.closeWriter();
    pipe.reader.destroy();
    throw error;
  });
  environment.watchdog.guard(running.pid);
  const output = readOutput(pipe.reader, { writer, last, limit: request.logLimitBytes });
  const killer = killOnWord(request, deps, running.pid);
  const ended = await running.ended;
  killer.over();
  environment.watchdog.release(running.pid);
  await untilOutputEnds(output, pipe.reader);
  if (ended.leftovers > 0) await writer.note(`killed ${ended.leftovers} process(es) the job had left behind`);
  const verdict = plan.verdict(ended, last);
  if (verdict?.note !== undefined) await writer.note(verdict.note);
  const decided = decide(killer.word(), ended, verdict, last);
  if (plan.after === undefined || decided.outcome !== 'success') return { ...decided, startedAt };
  const finished = await plan.after(decided.verdict, Math.max(1, request.timeoutMs - (deps.now() - startedAt)));
  if (finished.note !== undefined) await writer.note(finished.note);
  return { outcome: finished.success ? 'success' : 'failure', verdict: finished, startedAt };
};

const plannerOf = (request: RunnerRequest): Planner => {
  if (request.dependencies !== undefined) return planDependencies;
  return request.choose === undefined ? PLANNERS[request.language] : planNpmLock;
};

/** What code without a lock needs, which is told before any of it runs. */
const chosenHere = async (
  { unlocked, timeoutMs }: RunnerRequest,
  environment: RunnerEnvironment,
  writer: FrameWriter,
) => {
  if (unlocked === undefined) return undefined;
  const { record, packages } = await chooseHere(environment, unlocked, Math.min(timeoutMs, PACKAGES_WITHIN_MS));
  await writer.note(`chose packages:\n${record.lock}`);
  await writer.send({ type: 'lock', record });
  return packages.list.length === 0 ? undefined : packages;
};

/** What was installed for a package.json without bun.lock. */
const tellChoice = async (lock: string, [folder]: string[], writer: FrameWriter): Promise<void> => {
  const record = folder === undefined ? undefined : choiceIn(folder, lock);
  if (record === undefined) return;
  await writer.note(`chose packages:\n${record.lock}`);
  await writer.send({ type: 'lock', record });
};

/** A job that brings none may still spoil those of others. */
const placePackages = async (
  request: RunnerRequest,
  environment: RunnerEnvironment,
  writer: FrameWriter,
  job: JobFolder,
): Promise<readonly string[]> => {
  const code = JSON.stringify([request.code, request.imports]);
  const { packages } = request;
  if (packages?.links !== undefined) {
    environment.packages.otherCodeRan();
    return restorePackages({ ...packages, links: packages.links }, code, environment, writer, job);
  }
  environment.archives.distrust();
  const wanted = packages ?? request.npm ?? (await chosenHere(request, environment, writer));
  if (wanted === undefined) {
    environment.packages.otherCodeRan();
    return [];
  }
  const began = performance.now();
  const withinMs = Math.min(request.timeoutMs, PACKAGES_WITHIN_MS);
  const placed = environment.packages.place(wanted, code, withinMs);
  const { folders, put } = await placed.catch(async (error: unknown) => {
    await writer.note(`the packages could not be put in place: ${messageOf(error)}`);
    throw error;
  });
  const what = 'lock' in wanted ? 'npm packages' : `${folders.length} packages`;
  if ('lock' in wanted) await tellChoice(wanted.lock, folders, writer);
  if (put) await writer.note(`put ${what} in place in ${Math.round(performance.now() - began)} ms`);
  return folders;
};

/** From their archives. One that is lost is told of, so that it is made anew, and the job does not run. */
const restorePackages = async (
  { list, links, python }: NonNullable<RunnerRequest['packages']> & { links: string[] },
  code: string,
  environment: RunnerEnvironment,
  writer: FrameWriter,
  job: JobFolder,
): Promise<readonly string[]> => {
  await checkPython(environment.places, python);
  const ready = await environment.archives.ready(linked(list, links), code);
  if (!ready.ok) {
    await writer.send({ type: 'packages-lost', archives: ready.lost.map(({ sha256 }) => sha256) });
    throw new PackagesLost(ready.lost.map(({ message }) => message).join('; '));
  }
  const { hits, misses, bytes, ms } = ready.figures;
  if (misses > 0)
    await writer.note(`packages: ${hits} kept from before, ${misses} fetched (${bytes} bytes) in ${ms} ms`);
  const merged = join(job.path, '.merged');
  return mergeFolders(ready.folders, merged) ? [merged, ...ready.folders] : ready.folders;
};

const argsTextOf = async (request: RunnerRequest): Promise<string> => {
  if ('text' in request.args) return request.args.text;
  const answer = await fetch(request.args.url);
  if (!answer.ok) throw new Error(`The job's arguments could not be fetched: HTTP ${answer.status}`);
  return answer.text();
};

const parsedArgs = (text: string): JsonObject => {
  const parsed = parseJson(text);
  const args = JsonObject.safeParse(parsed.ok ? parsed.value : undefined);
  if (!args.success) throw new Error("The job's arguments are not a JSON object");
  return args.data;
};

const envOf = (request: RunnerRequest, plan: Plan, path: string, folder: JobFolder): Record<string, string> => ({
  PATH: path,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  HOME: folder.path,
  ...plan.env,
  // Builds of packages are told nothing that is the job's: no WM_TOKEN.
  ...(request.dependencies === undefined && request.choose === undefined ? request.env : {}),
  TMPDIR: folder.tmp,
});

type Word = 'timeout' | 'stopped';

/** Kills the group when its time is over or when the control poll says so, and remembers why. */
const killOnWord = (
  request: RunnerRequest,
  { control: times, stop }: Pick<RunDeps, 'control' | 'stop'>,
  group: number,
): { word: () => Word | undefined; over: () => void } => {
  let word: Word | undefined;
  const kill = (why: Word): void => {
    word ??= why;
    killGroup(group);
  };
  const timer = setTimeout(() => kill('timeout'), request.timeoutMs);
  const endPoll =
    request.control === undefined ? () => undefined : pollControl(request.control, times, () => kill('stopped'));
  const stopped = (): void => kill('stopped');
  if (stop?.aborted === true) stopped();
  stop?.addEventListener('abort', stopped);
  const over = (): void => {
    clearTimeout(timer);
    stop?.removeEventListener('abort', stopped);
    endPoll();
  };
  return { word: () => word, over };
};

/** The output ends with its last writer; one that could not be found must not hold up the job. */
const untilOutputEnds = async (output: Promise<void>, reader: RunnerPipe): Promise<void> => {
  let seen = -1;
  const stuck = setInterval(() => {
    if (reader.bytesRead === seen && reader.readableLength === 0) reader.push(null);
    seen = reader.bytesRead;
  }, LAST_OUTPUT_MS);
  await output.finally(() => clearInterval(stuck));
  reader.destroy();
};
type RunnerPipe = Awaited<ReturnType<RunnerEnvironment['pipe']>>['reader'];

const decide = (
  word: Word | undefined,
  ended: Ended,
  verdict: Verdict | undefined,
  last: LastLines,
): Omit<Ran, 'startedAt'> => {
  const memory = verdict?.memPeakKb ?? ended.memPeakKb;
  const outcome = (name: Outcome, told: Verdict): Omit<Ran, 'startedAt'> => ({
    outcome: name,
    verdict: memory === undefined ? told : { ...told, memPeakKb: memory },
  });
  if (word !== undefined) return outcome(word, failure('Killed', word));
  if (ended.signal !== null) return outcome('failure', bySignal(ended.signal));
  if (verdict?.success === false) return outcome('failure', verdict);
  if (ended.code === null) return outcome(verdict === undefined ? 'failure' : 'success', verdict ?? NOT_KNOWN);
  if (ended.code !== 0) return outcome('failure', byCode(ended.code, last));
  return outcome('success', verdict ?? { success: true, json: 'null' });
};

const NOT_KNOWN = failure('ExecutionErr', 'The process ended without a result, and how it ended could not be learnt');

const bySignal = (signal: NodeJS.Signals): Verdict =>
  failure(
    'ExitSignal',
    signal === 'SIGKILL'
      ? 'The process was killed (SIGKILL), possibly out of memory'
      : `The process was ended by ${signal}`,
    { signal },
  );

const byCode = (code: number, last: LastLines): Verdict => {
  const tail = last.tail();
  return failure('ExecutionErr', `exit code ${code}${tail === '' ? '' : `, last lines of the output:\n${tail}`}`, {
    exit_code: code,
  });
};

const end = async (
  writer: FrameWriter,
  request: RunnerRequest,
  told: Omit<Ran, 'startedAt'>,
  times: { startedAt: number; durationMs: number },
): Promise<void> => {
  const { outcome, verdict } = await withoutLarge(writer, request, told);
  if (outcome === 'success' || outcome === 'failure') {
    for (let at = 0; at < verdict.json.length; at += RESULT_PART_CHARS)
      await writer.send({ type: 'result', part: verdict.json.slice(at, at + RESULT_PART_CHARS) });
  }
  const memory = verdict.memPeakKb === undefined ? {} : { memPeakKb: verdict.memPeakKb };
  await writer.send({ type: 'end', outcome, ...times, ...memory });
};

/** Puts a large result where it goes and says so; one that cannot be put is a failure. */
const withoutLarge = async (
  writer: FrameWriter,
  { largeResult }: RunnerRequest,
  told: Omit<Ran, 'startedAt'>,
): Promise<Omit<Ran, 'startedAt'>> => {
  const { large, ...verdict } = told.verdict;
  if (large === undefined || largeResult === undefined || told.outcome !== 'success') return told;
  try {
    await writer.send({ type: 'large-result', ...(await uploadResult(large, largeResult)) });
    return { outcome: told.outcome, verdict };
  } catch (error) {
    const message = `The result of ${large.bytes} bytes could not be stored: ${messageOf(error)}`;
    return { outcome: 'failure', verdict: { ...verdict, ...failure('ResultNotStored', message) } };
  }
};
