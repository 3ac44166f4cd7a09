import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type LocalCloud, startLocalCloud } from '../local/cloud.ts';
import { toItem } from '../shared/aws/job-item.ts';
import type { Job } from '../shared/model/job.ts';
import { plain, type Report, type Row } from './report.ts';

const SIZES = [0, 1_000, 100_000];
const MINUTES = 60;
const MINUTE_MS = 60_000;
const BATCH = 25;
/** USD for a million requests of each kind, on demand, us-east-1. */
const READ_USD = 0.125;
const CALL_USD = { lambda: 0.2, sqs: 0.4 };

const call = async (cloud: LocalCloud, operation: string, input: object): Promise<void> => {
  const { status, body } = await cloud.services.dynamodb.answer({
    service: 'dynamodb',
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-type': 'application/x-amz-json-1.0' },
    body: Buffer.from(JSON.stringify(input)),
  });
  if (status !== 200) throw new Error(`${operation}: ${status} ${String(body)}`);
};

const jobOf = (n: number, due: number): Job => ({
  workspace: 'bench',
  id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  kind: 'script',
  status: 'queued',
  created_by: 'admin',
  permissioned_as: 'u/admin',
  email: 'admin@millrace.dev',
  tag: 'bash',
  language: 'bash',
  args: { at: 'inline', text: '{}' },
  path: 'f/bench/noop',
  hash: '0123456789abcdef',
  created_at: due,
  scheduled_for: due,
  attempt: 0,
  tries: 0,
  timeout_s: 60,
  visible_to_owner: true,
  op: 'bench',
});

/** A backlog that came in evenly over the last hour, put into the table as the store would. */
const insert = async (cloud: LocalCloud, table: string, count: number): Promise<void> => {
  const now = cloud.clock.now();
  const items = Array.from({ length: count }, (_, n) =>
    toItem(jobOf(n, now - Math.round((n / count) * 60 * MINUTE_MS))),
  );
  for (let at = 0; at < items.length; at += BATCH) {
    const requests = items.slice(at, at + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await call(cloud, 'BatchWriteItem', { RequestItems: { [table]: requests } });
  }
};

/** The table whose items expire: its name is the template's affair. */
const jobsTable = (home: string): string => {
  const database = new DatabaseSync(join(home, 'dynamodb/dynamodb.db'), { readOnly: true });
  const found = database.prepare("SELECT table_name AS name FROM _tables WHERE ttl_attribute = 'expires'").get();
  database.close();
  return z.object({ name: z.string() }).parse(found).name;
};

const hourOf = async (cloud: LocalCloud, live: number): Promise<Row> => {
  cloud.meter.reset();
  const before = performance.now();
  for (let minute = 0; minute < MINUTES; minute += 1) {
    cloud.clock.advance(MINUTE_MS);
    await cloud.tick('reaper');
  }
  const seconds = (performance.now() - before) / 1000;
  const { functions } = cloud.meter.read();
  const usage = Object.entries(functions[cloud.functionNamed('reaper')] ?? {});
  const sum = (of: (one: { calls: number; readUnits: number }) => number, only = ''): number =>
    usage.filter(([name]) => name.startsWith(only)).reduce((total, [, one]) => total + of(one), 0);
  const reads = sum(({ readUnits }) => readUnits);
  const sqs = sum(({ calls }) => calls, 'sqs:');
  const usd = (reads * READ_USD + sqs * CALL_USD.sqs + MINUTES * CALL_USD.lambda) / 1_000_000;
  const figures = `${sum(({ calls }) => calls)} calls (${sqs} of SQS), ${plain(reads)} read units, ${usd.toFixed(5)} USD`;
  return {
    what: `${live.toLocaleString('en')} live jobs, an hour`,
    measured: `${figures}; ${seconds.toFixed(1)} s of looking here`,
  };
};

const measure = async (live: number): Promise<Row> => {
  const home = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  // No workers: nothing takes the backlog away.
  const cloud = await startLocalCloud({ home, port: 0, workers: 0 });
  try {
    await makeWorkspace(cloud);
    await insert(cloud, jobsTable(home), live);
    return await hourOf(cloud, live);
  } finally {
    await cloud.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
};

const makeWorkspace = async (cloud: LocalCloud): Promise<void> => {
  const response = await fetch(`${cloud.url}/api/workspaces/create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'bench', name: 'bench' }),
  });
  if (!response.ok) throw new Error(`no workspace: ${response.status} ${await response.text()}`);
};

/** What an hour of the reaper costs with so many jobs that wait and may have lost their messages. */
export const reaper = async (): Promise<Report> => {
  const rows: Row[] = [];
  for (const live of SIZES) rows.push(await measure(live));
  return {
    title: 'reaper: an hour of its looks, a minute apart, over a backlog of the last hour',
    rows,
    notes: ['read units and requests by list prices; the time of the function itself is not in it'],
  };
};
