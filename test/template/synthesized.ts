import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { millrace } from '../../infra/millrace.ts';

/** Any value of a template: templates are JSON without types, and a test that reads a wrong path fails. */
export type Cfn = ReturnType<JSON['parse']>;
type Resource = { Type: string; Properties: Record<string, Cfn>; DependsOn?: string[] };
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, Cfn>; Conditions?: unknown };
export type Part = 'data' | 'workers' | 'api' | 'web' | 'observability';
export type Statement = {
  Effect: string;
  Action: string[];
  Resource: string[];
  Condition?: unknown;
  Principal?: unknown;
};

const folder = mkdtempSync(join(tmpdir(), 'millrace-template-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stub = (name: string): string => {
  const path = join(folder, 'stub', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'index.mjs'), `export const name = '${name}';`);
  return path;
};

/** The app over empty functions, so that no test bundles. `config` replaces the configuration of cdk.json. */
export const appOf = (config?: unknown, checked = false): ReturnType<typeof millrace> => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  const runnerImage = stub('runner');
  writeFileSync(join(runnerImage, 'Dockerfile'), 'FROM scratch\n');
  return millrace({
    context: { ...context, ...(config === undefined ? {} : { millrace: config }) },
    assets: { zip: (name) => stub(name), runnerImage },
    outdir: mkdtempSync(join(folder, 'out-')),
    checked,
  });
};

const list = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());

/** An attribute or name as one text: `Fn::GetAtt` and exports become `<logical id>.<attribute>`. */
const text = (value: Cfn, exports: Map<string, Cfn> = new Map()): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map((each) => text(each, exports)).join(',');
  if ('Ref' in value) return value.Ref;
  if ('Fn::GetAtt' in value) return value['Fn::GetAtt'].join('.');
  if ('Fn::Join' in value)
    return value['Fn::Join'][1].map((each: Cfn) => text(each, exports)).join(value['Fn::Join'][0]);
  if ('Fn::ImportValue' in value) return text(exports.get(value['Fn::ImportValue']) ?? 'no such export', exports);
  return JSON.stringify(value);
};

/** The templates of one deployment, and what the tests ask of them again and again. */
export class Synthesized {
  readonly templates: Record<Part, Template>;
  readonly #exports = new Map<string, Cfn>();

  constructor(config?: unknown) {
    const { app, stackPrefix } = appOf(config);
    const { stacks } = app.synth();
    this.templates = Object.fromEntries(
      stacks.map((stack) => [stack.stackName.slice(stackPrefix.length), stack.template]),
    ) as Record<Part, Template>;
    for (const template of Object.values(this.templates)) {
      for (const output of Object.values(template.Outputs ?? {})) {
        if (output.Export !== undefined) this.#exports.set(output.Export.Name, output.Value);
      }
    }
  }

  text(value: unknown): string {
    return text(value, this.#exports);
  }

  /** Every resource of a type, by logical id (ids carry a hash, so no two stacks share one). */
  all(type: string): Map<string, Resource> {
    const found = Object.values(this.templates).flatMap((template) => Object.entries(template.Resources));
    return new Map(found.filter(([, resource]) => resource.Type === type));
  }

  /** The one resource of a type whose logical id begins so. */
  one(type: string, start: string): Resource {
    const found = [...this.all(type)].filter(([id]) => id.startsWith(start));
    if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${start}`);
    return found[0]![1];
  }

  fn(start: string): Resource {
    return this.one('AWS::Lambda::Function', start);
  }

  /** What a role allows, by the logical id of the role. */
  policies(): Map<string, Statement[]> {
    const byRole = new Map([...this.all('AWS::IAM::Role').keys()].map((id): [string, Statement[]] => [id, []]));
    for (const { Properties } of this.all('AWS::IAM::Policy').values()) {
      for (const role of Properties.Roles) {
        for (const statement of Properties.PolicyDocument.Statement) {
          byRole.get(role.Ref)?.push({
            ...statement,
            Action: list(statement.Action),
            Resource: [statement.Resource].flat().map((each) => this.text(each)),
          });
        }
      }
    }
    return byRole;
  }

  /** Roles that may do `action` on some resource that `pattern` matches, under a condition or (`free`) under none. */
  rolesThatMay(action: string, pattern: RegExp, free = false): string[] {
    return [...this.policies()]
      .filter(([, statements]) =>
        statements.some(
          ({ Action, Resource, Condition }) =>
            Action.includes(action) &&
            Resource.some((each) => pattern.test(each)) &&
            (!free || Condition === undefined),
        ),
      )
      .map(([role]) => role.replace(/[0-9A-F]{8}$/, ''))
      .sort((one, other) => one.localeCompare(other));
  }
}
