import type { Standing } from '../access/standing.ts';
import { Problem } from '../model/errors.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import { type NpmRegistry, parseNpmRegistry, secretsOfRegistry } from '../model/npm-registry.ts';
import type { RunnerRequest } from '../model/runner.ts';
import { parseTypescriptLock } from '../model/typescript-lock.ts';
import { manifestOf } from '../model/typescript-needs.ts';
import type { ChosenLocks } from './dependency-ports.ts';
import { type GatheredTypescript, gatherTypescript, type ReadTypescript } from './gather-typescript.ts';
import { NotRunnable } from './not-runnable.ts';
import type { Settings } from './ports.ts';
import { CHOICE_MS } from './python-run.ts';

export type NpmDeps = {
  settings: Settings;
  chosenLocks: ChosenLocks;
  /** Reads scripts as whoever has this standing may. */
  readTypescript: (standing: Standing) => ReadTypescript;
};

/** What of a runner's request is about packages and imported scripts, and what of it may stand in no log. */
type Asked<What> = { asked: What; secrets: string[] };

const NOTHING = '{\n  "dependencies": {}\n}';
/**
 * What a dependencies job of a TypeScript version has bun choose for: its package.json and that of all scripts it imports.
 * With a `lock` that was made before, nothing is chosen anew.
 * Throws NotRunnable that names what cannot be read.
 */
export const npmToChoose = async (
  deps: NpmDeps,
  job: Pick<Job, 'path'>,
  { content, lock }: { content: string; lock: string | undefined },
  standing: Standing,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'choose'>>> => {
  const registry = await registryOf(deps, now);
  const secrets = secretsOfRegistry(registry);
  if (lock !== undefined)
    return { asked: { choose: { manifest: parseTypescriptLock(lock).manifest, lock, registry } }, secrets };
  const { needs } = await gathered(deps, job, content, standing);
  const manifest = runnable(() => manifestOf(needs)) ?? NOTHING;
  return { asked: { choose: { manifest, registry } }, secrets };
};

/**
 * What a TypeScript job imports: the packages of its lock (`archived`: where they lie), or, without one, the newest, as the same identity
 * chose them within the last minutes; and the scripts of its workspace, as they are now. Nothing for a script that imports neither. `keepAs`: the
 * name of the choice that the runner is to make. Throws NotRunnable that names what cannot be read.
 */
export const npmToRun = async (
  deps: NpmDeps,
  job: Pick<Job, 'path' | 'workspace' | 'permissioned_as'>,
  { content, lock, archived }: { content: string; lock: string | undefined; archived: Pick<RunnerRequest, 'packages'> },
  standing: Standing,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'npm' | 'packages' | 'imports'>> & { keepAs?: string }> => {
  const found = await gathered(deps, job, content, standing);
  const imports = (found.needs[0]?.scripts.length ?? 0) > 0 ? { imports: importsOf(job, found) } : {};
  if (archived.packages !== undefined) return { asked: { ...imports, ...archived }, secrets: [] };
  const wanted = lock ?? runnable(() => manifestOf(found.needs));
  if (wanted === undefined || runnable(() => parseTypescriptLock(wanted)).empty) return { asked: imports, secrets: [] };
  const registry = await registryOf(deps, now);
  const secrets = secretsOfRegistry(registry);
  const npm = (text: string) => npmOf(text, registry, now);
  if (lock !== undefined) return { asked: { ...imports, npm: await npm(lock) }, secrets };
  // User code may run where it is chosen, so the choice is good for the same identity only.
  const { workspace, permissioned_as } = job;
  const keepAs = await sha256Hex(JSON.stringify(['npm', workspace, permissioned_as, wanted, registry.url]));
  const chosen = await deps.chosenLocks.find(workspace, keepAs, now);
  if (chosen !== undefined) return { asked: { ...imports, npm: await npm(chosen.lock) }, secrets };
  return { asked: { ...imports, npm: await npm(wanted) }, secrets, keepAs };
};

/** What an environment keeps installed under one key: what is chosen there, no longer than a choice is good. */
const npmOf = async (lock: string, registry: NpmRegistry, now: number): Promise<NonNullable<RunnerRequest['npm']>> => {
  const until = parseTypescriptLock(lock).chosen === undefined ? Math.floor(now / CHOICE_MS) : 0;
  return { key: await sha256Hex(JSON.stringify([lock, registry, until])), lock, registry };
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
