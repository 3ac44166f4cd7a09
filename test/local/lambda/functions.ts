import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionDefinition, InvokeRecord } from '../../../local/lambda/definitions.ts';
import { type InvokeResponse, wholeBody } from '../../../local/lambda/invoke-response.ts';
import type { LambdaConfig } from '../../../local/lambda/lambda-config.ts';
import { LambdaService } from '../../../local/lambda/lambda-service.ts';

export type TestLambda = {
  lambda: LambdaService;
  stateDir: string;
  records: InvokeRecord[];
  /** Defines a function whose index.mjs is `code`. */
  define: (name: string, code: string, settings?: Partial<FunctionDefinition>) => FunctionDefinition;
  close: () => Promise<void>;
};

/** A local Lambda on a state folder of its own. */
export const startLambda = (settings: Partial<LambdaConfig> = {}): TestLambda => {
  const stateDir = settings.stateDir ?? mkdtempSync(join(tmpdir(), 'mr-lambda-'));
  const lambda = new LambdaService({
    place: { accountId: '000000000000', region: 'us-east-1' },
    endpointUrl: () => 'http://127.0.0.1:9',
    credentialsFor: (roleName) => ({ accessKeyId: `AK${roleName}`, secretAccessKey: 'secret' }),
    imagePath: '/usr/bin:/bin',
    ...settings,
    stateDir,
  });
  const records: InvokeRecord[] = [];
  lambda.onInvoke((record) => records.push(record));
  return {
    lambda,
    stateDir,
    records,
    define: (name, code, more = {}) => {
      const definition = aFunction(stateDir, name, code, more);
      lambda.defineFunction(definition);
      return definition;
    },
    close: async () => {
      await lambda.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};

const aFunction = (
  stateDir: string,
  name: string,
  code: string,
  settings: Partial<FunctionDefinition> = {},
): FunctionDefinition => {
  const codeDir = join(stateDir, 'code', name);
  mkdirSync(codeDir, { recursive: true });
  writeFileSync(join(codeDir, 'index.mjs'), code);
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    roleName: `${name}-role`,
    handler: 'index.handler',
    codeDir,
    environment: {},
    timeoutSeconds: 5,
    memoryMb: 128,
    ...settings,
  };
};

/** Text of the whole answer and the type of its error. */
export const textOf = async (response: InvokeResponse): Promise<{ text: string; error: string | undefined }> => {
  const { body, failure } = await wholeBody(response, 6 * 1024 * 1024);
  return { text: body.toString('utf8'), error: failure?.errorType };
};

/** Waits until a condition holds, for at most two seconds. */
export const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 2000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it never came to pass: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** True while a process runs; one that has ended and was not collected yet does not. */
export const lives = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
