import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives, startLambda, textOf, until } from './functions.ts';

/** Starts a process in a session of its own that leaves the group, and then works for ever. */
const NEST = `
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
export const handler = async (event) => {
  const child = spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore', cwd: process.env.TMPDIR });
  const pids = { function: process.pid, child: child.pid };
  if (event.say) { console.log(JSON.stringify(pids)); await pause(60_000); }
  return pids;
};`;

/** A local cloud in small: it invokes one function, prints where it logs, and waits to be killed. */
const HOST = `
import { LambdaService } from ${JSON.stringify(join(import.meta.dirname, '../../../local/lambda/lambda-service.ts'))};
const [stateDir, codeDir] = process.argv.slice(2);
const lambda = new LambdaService({
  stateDir, place: { accountId: '000000000000', region: 'us-east-1' }, endpointUrl: () => 'http://127.0.0.1:9',
  credentialsFor: () => undefined, imagePath: '/usr/bin:/bin',
});
lambda.defineFunction({ name: 'nest', arn: 'arn:aws:lambda:us-east-1:0:function:nest', roleName: 'r', handler: 'index.handler',
  codeDir, environment: {}, timeoutSeconds: 60, memoryMb: 128 });
const { body } = await lambda.invoke('nest', Buffer.from('{}'));
console.log(body.toString());
void lambda.invoke('nest', Buffer.from('{"say":true}'));
setInterval(() => {}, 1000);
`;

describe('processes of functions', () => {
  let stateDir: string;
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'mr-orphans-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  const runHost = async (): Promise<{ host: number; pids: { function: number; child: number } }> => {
    const codeDir = join(stateDir, 'code');
    mkdirSync(codeDir);
    writeFileSync(join(codeDir, 'index.mjs'), NEST);
    const file = join(stateDir, 'host.mjs');
    writeFileSync(file, HOST);
    const host = spawn(process.execPath, [file, stateDir, codeDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: host.stdout }))
      return { host: host.pid ?? 0, pids: JSON.parse(line) };
    throw new Error('the host said nothing');
  };

  it('end by themselves when the local cloud is killed, and the next start ends what they left', async () => {
    const { host, pids } = await runHost();
    process.kill(host, 'SIGKILL');
    await until(() => !lives(pids.function));
    expect(lives(pids.child)).toBe(true);
    const next = startLambda({ stateDir });
    await until(() => !lives(pids.child));
    expect(readdirSync(join(stateDir, 'env'))).toEqual([]);
    await next.close();
  });

  it('end with their environment, those that left its process group too', async () => {
    const test = startLambda({ stateDir });
    test.define('nest', NEST);
    const pids = JSON.parse((await textOf(await test.lambda.invoke('nest', Buffer.from('{}')))).text);
    expect([lives(pids.function), lives(pids.child)]).toEqual([true, true]);
    await test.lambda.close();
    await until(() => !lives(pids.function) && !lives(pids.child));
    await test.close();
  });
});
