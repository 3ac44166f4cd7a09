import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invokeComplete, payloadChunk } from '../../../local/lambda/event-stream.ts';
import { LambdaLane } from '../../../shared/aws/lambda-lane.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';

const request: RunnerRequest = {
  job: { workspace: 'demo', id: '01a20b3f-ae7d-7b1f-9a67-76a382c30205', attempt: 1 },
  language: 'bash',
  code: 'true',
  args: { text: '{}' },
  env: {},
  timeoutMs: 1000,
  logLimitBytes: 1000,
  resultLimitBytes: 1000,
};

const line = (frame: object): Buffer => payloadChunk(Buffer.from(`${JSON.stringify(frame)}\n`));
const frames = [
  line({ type: 'log', text: 'hello\n' }),
  line({ type: 'end', outcome: 'success', startedAt: 1, durationMs: 2 }),
];

let server: Server;
let lane: LambdaLane;
let abandoned = 0;

beforeAll(async () => {
  server = createServer((incoming, answer) => {
    incoming.resume().once('end', () => {
      answer.once('close', () => {
        if (!answer.writableFinished) abandoned += 1;
      });
      answer.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
      if (incoming.url?.includes('talker')) {
        answer.write(frames[0]);
        return;
      }
      answer.write(Buffer.concat(frames));
      setTimeout(() => answer.end(invokeComplete()), 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_REGION = 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID = 'AKIATEST';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  lane = new LambdaLane('runner');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const lastOf = async (run: AsyncIterable<{ type: string }>): Promise<string | undefined> => {
  for await (const frame of run) if (frame.type === 'end') return frame.type;
  return undefined;
};

test('one client serves more runs than it has connections: each gives its connection back', async () => {
  for (let run = 0; run < 120; run += 1) expect(await lastOf(lane.run(request, 'tenant'))).toBe('end');
}, 10_000);

test('a run that its caller leaves before the end closes its connection', async () => {
  for await (const frame of new LambdaLane('talker').run(request, 'tenant')) {
    expect(frame.type).toBe('log');
    break;
  }
  await expect.poll(() => abandoned).toBe(1);
});
