import { mayRead } from '../../shared/access/item-rights.ts';
import type { Principal, Rosters } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { ScheduleCatalog } from '../../shared/aws/catalog-schedules.ts';
import {
  type Change,
  type ChangeDeps,
  cancelTick,
  changeSchedule,
  withFirstTick,
} from '../../shared/jobs/change-schedule.ts';
import { startTick } from '../../shared/jobs/push-tick.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import { DEPLOYERS } from '../../shared/model/roster.ts';
import {
  type EditSchedule,
  editedSchedule,
  handlerPath,
  type NewSchedule,
  newSchedule,
  type Saved,
  type Schedule,
  switchedSchedule,
} from '../../shared/model/schedule.ts';
import { checkMayWrite } from './item-checks.ts';
import { existingItem } from './path-items.ts';

export type ScheduleDeps = ChangeDeps & { schedules: ScheduleCatalog; rosters: Rosters };

/** Who asks for a change, in one request. */
export type Asker = { principal: Principal; standing: Standing; request: { id: string }; now: number };

/** Somebody else who changes the schedule at that moment makes it look again, this often. */
const TRIES = 5;

const moved = (path: string): Problem => new Problem(409, `Schedule ${path} was changed at the same time: try again`);

export const schedulesOf = ({ schedules }: Pick<ScheduleDeps, 'schedules'>) => ({
  what: 'schedule' as const,
  store: schedules,
});

const writableSchedule = async (
  deps: Pick<ScheduleDeps, 'schedules'>,
  standing: Standing,
  path: string,
): Promise<Schedule> => {
  const schedule = await existingItem(schedulesOf(deps), standing.workspace, path);
  checkMayWrite(standing, path, schedule.extra_perms);
  return schedule;
};

/** What a schedule runs must be there, and whoever saves it must be able to run it. */
const checkRunnable = async (
  deps: ScheduleDeps,
  standing: Standing,
  script_path: string,
  body: EditSchedule,
): Promise<void> => {
  const handlers = (['on_failure', 'on_recovery', 'on_success'] as const).flatMap((field) =>
    body[field] ? [{ field, path: handlerPath(body[field]) }] : [],
  );
  for (const { field, path } of [{ field: 'script_path', path: script_path }, ...handlers]) {
    const script = await deps.directory.newest(standing.workspace, path);
    if (script === undefined) throw badRequest(`Bad request: body ${field}: Script not found at name ${path}`);
    if (!mayRead(standing, path, script.extra_perms))
      throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not run ${path} (${field})`);
  }
};

/** Whoever saves a schedule is whom it runs as; admins and deployers may keep or name somebody else. */
const savedBy = async (deps: ScheduleDeps, asker: Asker, body: EditSchedule): Promise<Saved> => {
  const { standing, principal, now } = asker;
  const own = { permissioned_as: standing.permissioned_as, email: principal.email };
  const saved = { ...own, by: standing.username, now };
  const wanted = body.preserve_permissioned_as === true ? body.permissioned_as : undefined;
  if (!wanted || wanted === own.permissioned_as) return saved;
  if (!standing.is_admin && !standing.groups.includes(DEPLOYERS))
    throw new Problem(403, `Permission denied: only admins and ${DEPLOYERS} may let a schedule run as ${wanted}`);
  const roster = await deps.rosters.read(standing.workspace, now, true);
  const [kind, name = ''] = wanted.split('/');
  const email = kind === 'u' ? roster?.members.get(name)?.email : undefined;
  const known = kind === 'g' && roster?.groups.has(name) === true ? `group-${name}@windmill.dev` : email;
  if (known === undefined) throw badRequest(`Bad request: body permissioned_as: ${wanted} is not in the workspace`);
  return { ...saved, permissioned_as: wanted, email: known };
};

/** Makes a schedule, and its first tick when it is enabled. */
export const createSchedule = async (deps: ScheduleDeps, asker: Asker, body: NewSchedule): Promise<void> => {
  const { standing, now } = asker;
  checkMayWrite(standing, body.path);
  await checkRunnable(deps, standing, body.script_path, body);
  const made = newSchedule(body, await savedBy(deps, asker, body));
  const schedule = await withFirstTick(standing.workspace, made, now);
  if (!(await deps.schedules.create(standing.workspace, schedule)))
    throw badRequest(`Schedule ${body.path} already exists`);
  await startTick(deps, standing.workspace, schedule, now);
};

/** Ticks move a schedule on while it is changed, so whoever changes it looks again. */
const change = async (
  deps: ScheduleDeps,
  { standing, request, now }: Asker,
  path: string,
  what: Change['what'],
  next: (seen: Schedule) => Promise<Schedule | undefined> | Schedule | undefined,
): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await writableSchedule(deps, standing, path);
    const made = await next(seen);
    if (made === undefined) return;
    const by = { by: standing.username, what, op: `schedule:${request.id}`, now };
    if (await changeSchedule(deps, standing.workspace, { seen, next: made }, by)) return;
  }
  throw moved(path);
};

export const updateSchedule = (deps: ScheduleDeps, asker: Asker, path: string, body: EditSchedule): Promise<void> =>
  change(deps, asker, path, 'edited', async (seen) => {
    await checkRunnable(deps, asker.standing, seen.script_path, body);
    return editedSchedule(seen, body, await savedBy(deps, asker, body));
  });

/** Switching on what is on, or off what is off, changes nothing. */
export const switchSchedule = (deps: ScheduleDeps, asker: Asker, path: string, enabled: boolean): Promise<void> =>
  change(deps, asker, path, 'disabled', (seen) =>
    seen.enabled === enabled ? undefined : switchedSchedule(seen, enabled, asker.now),
  );

export const deleteSchedule = async (deps: ScheduleDeps, asker: Asker, path: string): Promise<void> => {
  const { standing, request, now } = asker;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await writableSchedule(deps, standing, path);
    if (!(await deps.schedules.remove(standing.workspace, seen))) continue;
    const by = { by: standing.username, what: 'deleted' as const, op: `schedule:${request.id}`, now };
    return cancelTick(deps, standing.workspace, seen, by);
  }
  throw moved(path);
};
