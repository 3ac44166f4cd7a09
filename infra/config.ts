import { z } from 'zod';
import { type LambdaGroup, shortName, WorkerGroup } from './worker-group-config.ts';

const SubnetId = z.string().regex(/^subnet-[0-9a-f]+$/, 'must be the id of a subnet, subnet-...');

/**
 * Where tasks run. Without it a small network is made: two public subnets, no NAT gateway, nothing that costs while no job
 * runs. Or subnets and security groups that exist, by id (nothing is looked up); `publicIp`: they have no NAT gateway.
 */
const Network = z.strictObject({
  subnetIds: z.array(SubnetId).min(1),
  securityGroupIds: z.array(z.string().regex(/^sg-[0-9a-f]+$/, 'must be the id of a security group, sg-...')).min(1),
  publicIp: z.boolean().default(false),
});

/** What the event sources of a group can start at the same time. */
const dispatchStarts = (group: LambdaGroup): number =>
  (group.tags.length * group.maxConcurrency + group.priorityConcurrency) * group.batchSize;

const repeated = (names: string[]): string[] => names.filter((each, index) => names.indexOf(each) !== index);

/**
 * What one deployment is. Read from the context `millrace` of cdk.json, or from `-c millrace='{...}'`.
 * The first worker group is the one whose runner `run_wait_result` uses.
 */
export const Config = z
  .strictObject({
    /** Part of every stack's name, so that several deployments fit in one account. */
    stage: shortName.default('dev'),
    workerGroups: z
      .array(WorkerGroup)
      .min(1)
      .prefault([{ name: 'default', tags: ['python3', 'bash', 'bun', 'dependency'] }]),
    /** The network of groups on Fargate. */
    network: Network.optional(),
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
    if (config.workerGroups[0]?.lane === 'fargate')
      refuse('the first worker group must be on the lane lambda: run_wait_result uses its runner');
    if (config.network !== undefined && config.workerGroups.every(({ lane }) => lane === 'lambda'))
      refuse('network is for groups on the lane fargate, and there is none');
    config.workerGroups.forEach((group, index) => {
      if (group.lane === 'fargate') return;
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
