import { createHash } from 'node:crypto';
import type { ECSClient, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { NotRunnable } from '../jobs/not-runnable.ts';
import { LaneFull } from '../jobs/ports.ts';
import type { TaskStarter } from '../jobs/task-ports.ts';
import type { Job } from '../model/job.ts';
import { TASK_CONTAINER, type TaskGroup, taskGroupFor, taskMark } from '../model/task-group.ts';

/** What passes when other tasks have ended, or when fewer are started at once. */
const FULL = new Set(['ThrottlingException', 'LimitExceededException', 'RequestLimitExceeded']);
/** What no wait mends. Anything else (a server's fault, a definition that a deployment just replaced) is tried again. */
const FOR_GOOD = new Set([
  'InvalidParameterException',
  'ClusterNotFoundException',
  'UnsupportedFeatureException',
  'PlatformUnknownException',
  'PlatformTaskDefinitionIncompatibilityException',
  'BlockedException',
]);
const NO_ROOM = /capacity is unavailable|RESOURCE:|limit/i;

/** Tasks on Fargate, one for each attempt: started with a client token made of it, so a lost answer starts no second one. */
export class FargateTasks implements TaskStarter {
  readonly #groups: readonly TaskGroup[];
  #ecs: ECSClient | undefined;

  constructor(groups: readonly TaskGroup[]) {
    this.#groups = groups;
  }

  groupOf(job: Job): string {
    return this.#groupOf(job).name;
  }

  async start(job: Job, told: { url: string; token: string }): Promise<void> {
    const { ECSClient, RunTaskCommand } = await import('@aws-sdk/client-ecs');
    this.#ecs ??= new ECSClient({ maxAttempts: 3 });
    const input = inputFor(this.#groupOf(job), job, told);
    const { tasks, failures } = await this.#ecs.send(new RunTaskCommand(input)).catch((error: unknown) => {
      throw readable(error);
    });
    if (tasks?.[0] !== undefined) return;
    const reason = failures?.[0]?.reason ?? 'no reason was told';
    if (NO_ROOM.test(reason)) throw new LaneFull(`no task could be started: ${reason}`);
    throw new NotRunnable(`Its task could not be started: ${reason}`);
  }

  #groupOf({ tag }: Job): TaskGroup {
    const group = taskGroupFor(this.#groups, tag);
    if (group !== undefined) return group;
    throw new NotRunnable('Jobs of more than 14 minutes need a worker group with "lane": "fargate", and there is none');
  }
}

const inputFor = (group: TaskGroup, job: Job, { url, token }: { url: string; token: string }): RunTaskCommandInput => ({
  cluster: group.cluster,
  taskDefinition: group.task_definition,
  ...(group.spot
    ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }
    : { launchType: 'FARGATE' as const }),
  networkConfiguration: {
    awsvpcConfiguration: {
      subnets: group.subnets,
      securityGroups: group.security_groups,
      assignPublicIp: group.public_ip ? 'ENABLED' : 'DISABLED',
    },
  },
  overrides: {
    containerOverrides: [
      {
        name: TASK_CONTAINER,
        environment: [
          { name: 'MILLRACE_ATTEMPT_URL', value: url },
          { name: 'MILLRACE_FRAMES_TOKEN', value: token },
        ],
      },
    ],
  },
  startedBy: taskMark(job),
  clientToken: createHash('sha256').update(taskMark(job)).digest('hex'),
});

const readable = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  if (FULL.has(error.name) || NO_ROOM.test(error.message)) return new LaneFull(error.message, { cause: error });
  return FOR_GOOD.has(error.name) ? new NotRunnable(`Its task could not be started: ${error.message}`) : error;
};
