import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../local/synthesize.ts';
import { Millrace } from './millrace.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ASSEMBLY = join(ROOT, 'cdk.out');

// biome-ignore lint/suspicious/noExplicitAny: templates are edited as the plain JSON they are
type Resources = Record<string, { Type: string; Properties: any }>;

/** A copy of the assembly with one stack's resources changed; its assets stay where they are. */
const assemblyWith = (stack: string, change: (resources: Resources) => void): string => {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-assembly-'));
  for (const name of readdirSync(ASSEMBLY)) {
    if (name.endsWith('.json')) cpSync(join(ASSEMBLY, name), join(copy, name));
    else symlinkSync(join(ASSEMBLY, name), join(copy, name));
  }
  const file = join(copy, `millrace-dev-${stack}.template.json`);
  const template = JSON.parse(readFileSync(file, 'utf8'));
  change(template.Resources);
  writeFileSync(file, JSON.stringify(template));
  return copy;
};

const only = (resources: Resources, type: string, name: RegExp) => {
  const found = Object.entries(resources).filter(([id, resource]) => resource.Type === type && name.test(id));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} resources are ${type} ${name}`);
  return found[0][1].Properties;
};

/** Takes an action away from every statement of a role's own policy. */
const withoutAction = (resources: Resources, role: RegExp, action: string): void => {
  for (const statement of only(resources, 'AWS::IAM::Policy', role).PolicyDocument.Statement) {
    statement.Action = [statement.Action].flat().filter((one: string) => one !== action);
  }
};

const logOf = (millrace: Millrace, word: string): string =>
  readFileSync(join(millrace.home, 'logs', `${millrace.cloud.functionNamed(word)}.log`), 'utf8');

const withCloud = async (assemblyDir: string, work: (millrace: Millrace) => Promise<void>): Promise<void> => {
  try {
    const millrace = await Millrace.start({ assemblyDir });
    await work(millrace).finally(() => millrace.stop());
  } finally {
    rmSync(assemblyDir, { recursive: true, force: true });
  }
};

beforeAll(async () => {
  await synthesize(ROOT, ASSEMBLY);
}, 60_000);

describe('a template that lacks', () => {
  it('a permission of the API lets its calls fail: 500 for the caller, AccessDenied in the log', async () => {
    const assembly = assemblyWith('api', (resources) =>
      withoutAction(resources, /^ApiRoleDefaultPolicy/, 'dynamodb:PutItem'),
    );
    await withCloud(assembly, async (millrace) => {
      const answer = await millrace.text('POST', '/users/tokens/create', 500, { label: 'x' });
      expect(answer).not.toMatch(/dynamodb|arn:/i);
      expect(logOf(millrace, 'api')).toMatch(/AccessDenied.*dynamodb:PutItem/s);
      // What needs another right still works.
      expect(await millrace.json('GET', '/users/whoami')).toMatchObject({ super_admin: true });
    });
  });

  it('an environment variable lets the function that needs it fail at its cold start, and no other', async () => {
    const assembly = assemblyWith('api', (resources) => {
      delete only(resources, 'AWS::Lambda::Function', /^ApiFunction/).Environment.Variables.PAYLOAD_BUCKET;
    });
    await withCloud(assembly, async (millrace) => {
      expect((await millrace.request('GET', '/version')).status).toBe(500);
      expect(logOf(millrace, 'api')).toContain('PAYLOAD_BUCKET');
      const other = await millrace.request('POST', '/w/nowhere/jobs/run/p/f/a/b', {});
      expect([other.status, await other.text()]).toEqual([404, expect.stringContaining('nowhere')]);
    });
  });

  it('a route answers 404 as the HTTP API does, without asking a function', async () => {
    const assembly = assemblyWith('api', (resources) => {
      for (const [id, { Type, Properties }] of Object.entries(resources))
        if (Type === 'AWS::ApiGatewayV2::Route' && Properties.RouteKey === 'ANY /api/{proxy+}') delete resources[id];
    });
    await withCloud(assembly, async (millrace) => {
      const response = await millrace.request('GET', '/version');
      expect([response.status, await response.text()]).toEqual([404, '{"message":"Not Found"}']);
      expect(Object.keys(millrace.cloud.meter.read().invocations)).not.toContain(millrace.cloud.functionNamed('api'));
      await millrace.text('POST', '/w/admins/jobs/run/p/f/a/b', 404, {});
    });
  });

  it('the permission of a queue to be polled does not start at all, and says which', async () => {
    const assembly = assemblyWith('workers', (resources) =>
      withoutAction(resources, /DispatchRoleDefaultPolicy/, 'sqs:DeleteMessage'),
    );
    await expect(withCloud(assembly, async () => undefined)).rejects.toThrow(/lacks sqs:DeleteMessage/);
  });
});

it('user code finds no key of any role in its environment', async () => {
  const millrace = await Millrace.start();
  try {
    const content = "import os\ndef main():\n    return [n for n in os.environ if n.startswith('AWS_')]\n";
    const body = { language: 'python3', content };
    expect(await millrace.json('POST', '/w/admins/jobs/run_wait_result/preview', body)).toEqual([]);
  } finally {
    await millrace.stop();
  }
});
