import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { JOB_INDEXES } from '../constructs/job-table.ts';
import type { Lane, Sending, Stores, TaskLane } from './room.ts';
import {
  appendAudit,
  consume,
  invoke,
  keepLocks,
  listJobObjects,
  measure,
  moveTicks,
  onArchive,
  onCursors,
  onIndexes,
  onKey,
  onObjects,
  onPackages,
  onSchedules,
  onTable,
  readSecrets,
  readStream,
  sendTo,
  startTasks,
} from './statements.ts';

/*
 * What each function may do, one list a function. Only `mayRunLane` reaches the runner and the signing secret, and only
 * `dispatch` and `wait` have it.
 */

const everyQueue = (sending: Sending): PolicyStatement => sendTo([...sending.queues.values()]);

/** Pays what an ended job owes others: the next tick of its schedule, its handlers, its own next run. */
const mayPayFollowups = (stores: Stores, sending: Sending): PolicyStatement[] => [
  moveTicks(stores.catalog),
  keepLocks(stores.catalog),
  onObjects(stores.payload, 'GetObject', 'args', 'result'),
  everyQueue(sending),
  ...onSchedules(sending.schedules, 'CreateSchedule'),
];

/** Removes arguments, result and log of jobs that asked for it: from beside the job, and from the bucket. */
const mayWipeJobs = (stores: Stores): PolicyStatement[] => [
  onTable(stores.jobs, 'Query', 'BatchWriteItem'),
  listJobObjects(stores.payload),
  onObjects(stores.payload, 'DeleteObject', 'args', 'result', 'log', 'request'),
];

/** Gives tasks to Fargate: each finds what it is to run in its job's folder `request`. */
const mayStartTasks = (stores: Stores, tasks: TaskLane | undefined): PolicyStatement[] =>
  tasks === undefined ? [] : [...startTasks(tasks), onObjects(stores.payload, 'PutObject', 'request')];

/** Runs user code and writes down what came of it: claim, frames, completion, what the job owes others. */
const mayRunLane = (stores: Stores, lane: Pick<Lane, 'signingSecret'> & Partial<Lane>): PolicyStatement[] => [
  ...mayWipeJobs(stores),
  appendAudit(stores.catalog),
  onTable(stores.jobs, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'Query'),
  onTable(stores.catalog, 'GetItem', 'BatchGetItem', 'Query'),
  onObjects(stores.payload, 'GetObject', 'args', 'code', 'result'),
  onObjects(stores.payload, 'PutObject', 'args', 'result', 'log'),
  // Links to packages are signed in its name; what is damaged it removes, so that it can be made again.
  onPackages(stores.packages, 'GetObject', 'DeleteObject'),
  ...(lane.runner === undefined ? [] : [invoke(lane.runner)]),
  readSecrets(lane.signingSecret),
  onKey(stores.secretsKey, ['secrets', 'masks'], 'Decrypt'),
];

const mayStartJobs = (stores: Stores, sending: Sending): PolicyStatement[] => [
  appendAudit(stores.catalog),
  onTable(stores.jobs, 'GetItem', 'PutItem', 'UpdateItem', 'Query'),
  onTable(stores.catalog, 'GetItem', 'BatchGetItem', 'Query'),
  onObjects(stores.payload, 'PutObject', 'args', 'code'),
  onObjects(stores.payload, 'GetObject', 'args'),
  everyQueue(sending),
  ...onSchedules(sending.schedules, 'CreateSchedule'),
];

/** Brings jobs back or ends them, without running user code. */
const mayRescueJobs = (stores: Stores, sending: Sending): PolicyStatement[] => [
  ...mayWipeJobs(stores),
  appendAudit(stores.catalog),
  onTable(stores.jobs, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
  onIndexes(stores.jobs, JOB_INDEXES),
  onTable(stores.catalog, 'GetItem', 'BatchGetItem', 'Query'),
  onObjects(stores.payload, 'PutObject', 'args', 'result', 'log'),
  ...mayPayFollowups(stores, sending),
];

export const webhookRights = mayStartJobs;

export const waitRights = (stores: Stores, sending: Sending, lane: Lane): PolicyStatement[] => [
  ...mayStartJobs(stores, sending),
  ...mayRunLane(stores, lane),
  // What a job streams is read from where its log lies.
  onObjects(stores.payload, 'GetObject', 'log'),
  ...mayPayFollowups(stores, sending),
];

/** `own`: the queues of its worker group, the only ones it takes messages from. Without a runner its jobs are all tasks. */
export const dispatchRights = (
  stores: Stores,
  sending: Sending,
  lane: Pick<Lane, 'signingSecret'> & Partial<Lane> & { tasks: TaskLane | undefined },
  own: IQueue[],
): PolicyStatement[] => [
  ...mayRunLane(stores, lane),
  ...mayStartTasks(stores, lane.tasks),
  ...mayPayFollowups(stores, sending),
  consume(own),
];

export const apiRights = (stores: Stores, sending: Sending): PolicyStatement[] => [
  onTable(
    stores.jobs,
    'GetItem',
    'BatchGetItem',
    'Query',
    'PutItem',
    'UpdateItem',
    'DeleteItem',
    'BatchWriteItem',
    'ConditionCheckItem',
  ),
  onIndexes(stores.jobs, JOB_INDEXES),
  onTable(
    stores.catalog,
    'GetItem',
    'BatchGetItem',
    'Query',
    'PutItem',
    'UpdateItem',
    'DeleteItem',
    'ConditionCheckItem',
  ),
  onObjects(stores.payload, 'GetObject', 'args', 'code', 'result', 'log'),
  onObjects(stores.payload, 'PutObject', 'args', 'code', 'result', 'log'),
  onObjects(stores.payload, 'DeleteObject', 'args', 'code', 'result', 'log', 'request'),
  listJobObjects(stores.payload),
  everyQueue(sending),
  ...onSchedules(sending.schedules, 'CreateSchedule', 'GetSchedule', 'DeleteSchedule'),
  onKey(stores.secretsKey, ['secrets', 'masks'], 'GenerateDataKey', 'Decrypt'),
];

export const streamRights = (stores: Stores): PolicyStatement[] => [
  onTable(stores.jobs, 'GetItem', 'BatchGetItem', 'Query'),
  onIndexes(stores.jobs, JOB_INDEXES),
  onTable(stores.catalog, 'GetItem', 'BatchGetItem', 'Query'),
  onObjects(stores.payload, 'GetObject', 'args', 'code', 'result', 'log'),
];

/**
 * Gives runners places for large results and packages: what it signs is done in its name. Where there are tasks it also gives
 * them what they are to run, writes their logs and ends their jobs; what these owe others then is told to dispatch by a message.
 * Of secrets it opens masks only.
 */
export const framesRights = (stores: Stores, sending: Sending, tasks: boolean): PolicyStatement[] => [
  onTable(stores.catalog, 'GetItem', 'Query'),
  onPackages(stores.packages, 'PutObject'),
  ...(tasks
    ? [
        onTable(stores.jobs, 'GetItem', 'UpdateItem', 'PutItem', 'DeleteItem', 'Query'),
        onObjects(stores.payload, 'PutObject', 'result', 'log'),
        onObjects(stores.payload, 'GetObject', 'result', 'request'),
        everyQueue(sending),
        onKey(stores.secretsKey, ['masks'], 'Decrypt'),
      ]
    : [onTable(stores.jobs, 'GetItem', 'UpdateItem'), onObjects(stores.payload, 'PutObject', 'result')]),
];

export const reaperRights = (stores: Stores, sending: Sending): PolicyStatement[] => [
  ...mayRescueJobs(stores, sending),
  measure([...sending.queues.values()]),
];

/** Ends or brings back the jobs of tasks that stopped. */
export const taskendRights = (stores: Stores, sending: Sending): PolicyStatement[] => mayRescueJobs(stores, sending);

export const deadletterRights = (stores: Stores, sending: Sending, deadLetters: IQueue): PolicyStatement[] => [
  ...mayRescueJobs(stores, sending),
  consume([deadLetters]),
];

/** Takes away what lay beside jobs that are gone, and archives it before; `lost`: where a batch that failed is told of. */
export const expiryRights = (stores: Stores, lost: IQueue): PolicyStatement[] => [
  readStream(stores.jobs),
  onTable(stores.jobs, 'GetItem', 'Query', 'BatchWriteItem'),
  onTable(stores.catalog, 'GetItem'),
  listJobObjects(stores.payload),
  onObjects(stores.payload, 'GetObject', 'args', 'code', 'result', 'log'),
  onObjects(stores.payload, 'DeleteObject', 'args', 'code', 'result', 'log', 'request'),
  onArchive(stores.payload),
  sendTo([lost]),
];

export const reconcileRights = (stores: Stores): PolicyStatement[] => [
  onTable(stores.jobs, 'BatchGetItem'),
  onCursors(stores.jobs),
  listJobObjects(stores.payload),
  onObjects(stores.payload, 'PutObjectTagging', 'args', 'code', 'result', 'log', 'request'),
];

export const seedRights = (
  stores: Pick<Stores, 'catalog'>,
  secrets: { adminToken: Parameters<typeof readSecrets>[0]; signingSecret: Lane['signingSecret'] },
): PolicyStatement[] => [
  onTable(stores.catalog, 'GetItem', 'PutItem'),
  readSecrets(secrets.adminToken, secrets.signingSecret),
];
