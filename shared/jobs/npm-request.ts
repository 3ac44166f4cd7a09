import type { Standing } from '../access/standing.ts';
import { Problem } from '../model/errors.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import { type NpmRegistry, parseNpmRegistry, secretsOfRegistry } from '../model/npm-registry.ts';
import type { RunnerRequest } from '../model/runner.ts';
import { parseTypescriptLock } from '../model/typescript-lock.ts';
import { manifestOf } from '../model/typescript-needs.ts';
import { type GatheredTypescript, gatherTypescript, type ReadTypescript } from './gather-typescript.ts';
import { NotRunnable } from './not-runnable.ts';
import type { Settings } from './ports.ts';

export type NpmDeps = {
  settings: Settings;
  /** Reads scripts as whoever has this standing may. */
  readTypescript: (standing: Standing) => ReadTypescript;
};

/** What of a runner's request is about packages and imported scripts, and what of it may stand in no log. */
type Asked<What> = { asked: What; secrets: string[] };

const NOTHING = '{\n  "dependencies": {}\n}';
/** How long a choice of packages for code without a lock is kept (Windmill's). */
const CHOICE_MS = 300_000;

/**
 * What a dependencies job of a TypeScript version has bun choose for: its package.json and that of all scripts it imports.
 * Throws NotRunnable that names what cannot be read.
 */
export const npmToChoose = async (
  deps: NpmDeps,
  job: Pick<Job, 'path'>,
  code: string,
  standing: Standing,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'choose'>>> => {
  const { needs } = await gathered(deps, job, code, standing);
  const registry = await registryOf(deps, now);
  const manifest = runnable(() => manifestOf(needs)) ?? NOTHING;
  return { asked: { choose: { manifest, registry } }, secrets: secretsOfRegistry(registry) };
};

/**
 * What a TypeScript job imports: the packages of its lock, or, without one, those that are the newest in these five minutes;
 * and the scripts of its workspace, as they are now. Nothing for a script that imports neither. Throws NotRunnable that
 * names what cannot be read.
 */
export const npmToRun = async (
  deps: NpmDeps,
  job: Pick<Job, 'path'>,
  { content, lock }: { content: string; lock: string | undefined },
  standing: Standing,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'npm' | 'imports'>>> => {
  const found = await gathered(deps, job, content, standing);
  const imports = (found.needs[0]?.scripts.length ?? 0) > 0 ? { imports: importsOf(job, found) } : {};
  const wanted = lock ?? runnable(() => manifestOf(found.needs));
  if (wanted === undefined || runnable(() => parseTypescriptLock(wanted)).empty) return { asked: imports, secrets: [] };
  const registry = await registryOf(deps, now);
  const until = lock === undefined ? Math.floor(now / CHOICE_MS) : 0;
  const key = await sha256Hex(JSON.stringify([wanted, registry, until]));
  return { asked: { ...imports, npm: { key, lock: wanted, registry } }, secrets: secretsOfRegistry(registry) };
};

const importsOf = ({ path }: Pick<Job, 'path'>, { scripts }: GatheredTypescript): RunnerRequest['imports'] => ({
  ...(path === undefined ? {} : { path }),
  scripts,
});

const registryOf = async ({ settings }: NpmDeps, now: number): Promise<NpmRegistry> => {
  const { npm_config_registry: setting } = await settings.read(now);
  return parseNpmRegistry(setting);
};

const gathered = async (
  deps: NpmDeps,
  { path }: Pick<Job, 'path'>,
  code: string,
  standing: Standing,
): Promise<GatheredTypescript> => {
  try {
    return await gatherTypescript(deps.readTypescript(standing), code, path);
  } catch (error) {
    throw asNotRunnable(error);
  }
};

const runnable = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw asNotRunnable(error);
  }
};

const asNotRunnable = (error: unknown): unknown =>
  error instanceof Problem ? new NotRunnable(error.message, { cause: error }) : error;
