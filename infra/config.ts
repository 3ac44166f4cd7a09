import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be 1 to 20 of a-z, 0-9, - and start with a letter');

/** A set of tags served by one dispatch function and one runner of their own. */
const WorkerGroup = z.strictObject({
  name,
  tags: z.array(z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 of A-Z, a-z, 0-9, _ and -')).min(1),
  /** Dispatch invocations at once per tag. AWS takes 2 to 1000. */
  maxConcurrency: z.int().min(2).max(1000).default(20),
  /** Dispatch invocations at once for jobs with a priority, of whichever tag: what they find free when all else is busy. */
  priorityConcurrency: z.int().min(2).max(1000).default(10),
  /** Messages an invocation is given at once; more than 1 only for groups whose time limit is at most 60 s. */
  batchSize: z.int().min(1).max(10).default(1),
  /** Longest time a job may run, seconds. 840 leaves dispatch a minute to write down how it ended. */
  timeLimitSeconds: z.int().min(1).max(840).default(840),
  /** Memory of the runner; user code, its interpreter and the runner share it. */
  memoryMb: z.int().min(256).max(10_240).default(1024),
  /** Reserved concurrency of the group's runner: how many jobs may run at once, whoever started them. */
  runnerConcurrency: z.int().min(1).default(130),
});
type WorkerGroup = z.output<typeof WorkerGroup>;

/** What the event sources of a group can start at the same time. */
const dispatchStarts = (group: WorkerGroup): number =>
  (group.tags.length * group.maxConcurrency + group.priorityConcurrency) * group.batchSize;

const repeated = (names: string[]): string[] => names.filter((each, index) => names.indexOf(each) !== index);

/**
 * What one deployment is. Read from the context `millrace` of cdk.json, or from `-c millrace='{...}'`.
 * The first worker group is the one whose runner `run_wait_result` uses.
 */
export const Config = z
  .strictObject({
    /** Part of every stack's name, so that several deployments fit in one account. */
    stage: name.default('dev'),
    workerGroups: z
      .array(WorkerGroup)
      .min(1)
      .prefault([{ name: 'default', tags: ['python3', 'bash', 'bun'] }]),
    /** Synchronous runs (`run_wait_result`) at once. */
    waitConcurrency: z.int().min(1).default(60),
    /** What `cdk destroy` does with tables, buckets and secrets. `retain` also forbids deleting the tables by hand. */
    data: z.enum(['destroy', 'retain']).default('destroy'),
    logRetentionDays: z.union([z.literal(7), z.literal(30), z.literal(90), z.literal(365)]).default(30),
    /** Who hears of alarms; nobody when absent. */
    alarmEmail: z.email().optional(),
    /** A name of your own for the front door; its certificate must be in us-east-1. */
    domain: z.strictObject({ name: z.hostname(), certificateArn: z.string().startsWith('arn:') }).optional(),
    /** A WAFv2 web ACL of scope CLOUDFRONT to put before the front door. */
    webAclArn: z.string().startsWith('arn:').optional(),
    originSecret: z
      .strictObject({
        /** Raise by one to replace the origin secret. */
        generation: z.int().min(1).default(1),
        /** True while a distribution may still send the previous one. */
        acceptPrevious: z.boolean().default(false),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    for (const twice of repeated(config.workerGroups.map((group) => group.name)))
      refuse(`worker group "${twice}" twice`);
    for (const twice of repeated(config.workerGroups.flatMap((group) => group.tags))) {
      refuse(`tag "${twice}" is served by two worker groups; a tag has one queue and one group`);
    }
    config.workerGroups.forEach((group, index) => {
      if (group.batchSize > 1 && group.timeLimitSeconds > 60) {
        refuse(`worker group "${group.name}": batchSize ${group.batchSize} needs timeLimitSeconds of at most 60`);
      }
      const wait = index === 0 ? config.waitConcurrency : 0;
      const starts = dispatchStarts(group) + wait;
      if (starts > group.runnerConcurrency) {
        refuse(
          `worker group "${group.name}": ${starts} jobs could be started at once ((${group.tags.length} tags x ` +
            `maxConcurrency ${group.maxConcurrency} + priorityConcurrency ${group.priorityConcurrency}) x batchSize ${group.batchSize}${wait > 0 ? ` + waitConcurrency ${wait}` : ''}) ` +
            `but runnerConcurrency is ${group.runnerConcurrency}. Raise runnerConcurrency or lower the others.`,
        );
      }
    });
  });
export type Config = z.output<typeof Config>;

/** Parses the context value: an object from cdk.json, or the text of `-c millrace=...`. Throws one error that names every mistake. */
export const parseConfig = (context: unknown): Config => {
  const parsed = Config.safeParse(typeof context === 'string' ? JSON.parse(context) : (context ?? {}));
  if (parsed.success) return parsed.data;
  throw new Error(`configuration "millrace": ${z.prettifyError(parsed.error)}`);
};
