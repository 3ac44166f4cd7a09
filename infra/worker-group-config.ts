import { z } from 'zod';

/** A name that becomes part of others. */
export const shortName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be 1 to 20 of a-z, 0-9, - and start with a letter');

/** Seconds a job may run on Lambda: 15 minutes, less a minute for dispatch to write down how it ended. */
export const LAMBDA_LIMIT_S = 840;
/** As long as Windmill lets a job run by default: a week. */
const TASK_LIMIT_S = 604_800;

/** Memory that Fargate takes with so many vCPUs, in MB. */
const TASK_MEMORY: Record<string, { from: number; to: number; step: number }> = {
  0.25: { from: 512, to: 2_048, step: 512 },
  0.5: { from: 1_024, to: 4_096, step: 1_024 },
  1: { from: 2_048, to: 8_192, step: 1_024 },
  2: { from: 4_096, to: 16_384, step: 1_024 },
  4: { from: 8_192, to: 30_720, step: 1_024 },
  8: { from: 16_384, to: 61_440, step: 4_096 },
  16: { from: 32_768, to: 122_880, step: 8_192 },
};

const Stated = z.strictObject({
  name: shortName,
  lane: z.enum(['lambda', 'fargate']).default('lambda'),
  tags: z.array(z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 of A-Z, a-z, 0-9, _ and -')).min(1),
  /** Dispatch invocations at once per tag. AWS takes 2 to 1000. */
  maxConcurrency: z.int().min(2).max(1000).default(20),
  /** Dispatch invocations at once for jobs with a priority, of whichever tag: what they find free when all else is busy. */
  priorityConcurrency: z.int().min(2).max(1000).default(10),
  /** Messages an invocation is given at once; more than 1 only for groups whose time limit is at most 60 s. */
  batchSize: z.int().min(1).max(10).default(1),
  /** Longest time a job may run, seconds: at most 840 on Lambda (the default there), a week on Fargate (a day by default). */
  timeLimitSeconds: z.int().min(1).max(TASK_LIMIT_S).optional(),
  /** Memory of the runner; user code, its interpreter and the runner share it. 1024 on Lambda, 2048 on Fargate by default. */
  memoryMb: z.int().min(256).max(122_880).optional(),
  /** Lambda only. Reserved concurrency of the group's runner: how many jobs may run at once, whoever started them; 150 by default. */
  runnerConcurrency: z.int().min(1).optional(),
  /** Fargate only: vCPUs of a task, 1 by default. */
  vcpu: z.literal([0.25, 0.5, 1, 2, 4, 8, 16]).optional(),
  /** Fargate only: on spare capacity, at about a third of the price. A job whose task AWS takes back is run again. */
  spot: z.boolean().optional(),
});
type StatedGroup = z.output<typeof Stated>;

/** A group with its defaults. */
const withDefaults = ({ runnerConcurrency, vcpu, spot, ...group }: StatedGroup) =>
  group.lane === 'lambda'
    ? {
        ...group,
        lane: group.lane,
        timeLimitSeconds: group.timeLimitSeconds ?? LAMBDA_LIMIT_S,
        memoryMb: group.memoryMb ?? 1_024,
        runnerConcurrency: runnerConcurrency ?? 150,
      }
    : {
        ...group,
        lane: group.lane,
        timeLimitSeconds: group.timeLimitSeconds ?? 86_400,
        memoryMb: group.memoryMb ?? 2_048,
        vcpu: vcpu ?? 1,
        spot: spot ?? false,
      };

export type LambdaGroup = Extract<ReturnType<typeof withDefaults>, { lane: 'lambda' }>;
export type FargateGroup = Extract<ReturnType<typeof withDefaults>, { lane: 'fargate' }>;

/** What is wrong with a group by itself; it says how to mend it. */
const faultsOf = (group: StatedGroup): string[] => {
  const { lane, timeLimitSeconds = 0, memoryMb = 2_048, vcpu = 1 } = group;
  const refused = (fields: (keyof StatedGroup)[]): string[] =>
    fields.filter((field) => group[field] !== undefined).map((field) => `${field} is not for the lane ${lane}`);
  if (lane === 'lambda')
    return [
      ...refused(['vcpu', 'spot']),
      ...(timeLimitSeconds > LAMBDA_LIMIT_S
        ? [`timeLimitSeconds is at most ${LAMBDA_LIMIT_S} on Lambda; "lane": "fargate" lets jobs run longer`]
        : []),
      ...(memoryMb > 10_240 ? ['memoryMb is at most 10240 on Lambda; "lane": "fargate" gives more'] : []),
    ];
  const memory = TASK_MEMORY[vcpu];
  const fits =
    memory !== undefined &&
    memoryMb >= memory.from &&
    memoryMb <= memory.to &&
    (memoryMb - memory.from) % memory.step === 0;
  return [
    ...refused(['runnerConcurrency']),
    ...(group.batchSize > 1 ? ['batchSize is 1 on Fargate: each job is a task of its own'] : []),
    ...(fits
      ? []
      : [
          `memoryMb ${memoryMb} does not go with vcpu ${vcpu}: Fargate takes ${memory?.from} to ${memory?.to} in steps of ${memory?.step}`,
        ]),
  ];
};

/**
 * A set of tags served by one dispatch function. On the lane `lambda` its jobs run in a runner of its own; on `fargate` each
 * job is a task of its own, and the first such group also takes jobs of any group that may run longer than 14 minutes.
 */
export const WorkerGroup = Stated.superRefine((group, context) => {
  for (const fault of faultsOf(group))
    context.addIssue({ code: 'custom', message: `worker group "${group.name}": ${fault}` });
}).transform(withDefaults);
