import { z } from 'zod';
import type { Place } from '../services/service.ts';
import type { Identity } from './identities.ts';
import type { Stack, TemplateResource } from './template.ts';

export type ResolverConfig = {
  stacks: Stack[];
  place: Place;
  /** Values of template parameters by name; a parameter that is not given takes its default. */
  parameters: Record<string, string>;
  /** What `Ref` and `Fn::GetAtt` of a resource give, where it follows from the template alone. */
  identify: (
    stack: Stack,
    logicalId: string,
    resource: TemplateResource,
    name: (property: string) => string | undefined,
  ) => Identity;
  /** The value behind `{{resolve:secretsmanager:<arn or name>…}}`. */
  secretValue: (secretId: string) => string;
};

const Names = z.tuple([z.string(), z.string()]);
const Joined = z.tuple([z.string(), z.array(z.unknown())]);
const Substitution = z.union([
  z.string().transform((text): [string, Record<string, unknown>] => [text, {}]),
  z.tuple([z.string(), z.record(z.string(), z.unknown())]),
]);

const noValue = Symbol('AWS::NoValue');
const dynamicReference =
  /\{\{resolve:secretsmanager:(arn:[^:}]*:secretsmanager:[^:}]*:[^:}]*:secret:[^:}]+|[^:}]+)(?::SecretString(?::([^:}]*)(?::[^:}]*){0,2})?)?\}\}/g;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`a text is needed, but this is ${JSON.stringify(value)}`);
};

/**
 * Resolves CloudFormation's intrinsic functions, across stacks. An intrinsic it does not know, a reference to nothing or
 * an attribute nobody computed throws: nothing is passed on half resolved.
 */
export class Resolver {
  readonly #config: ResolverConfig;
  readonly #provided = new Map<string, Identity>();
  #exports: Map<string, { stack: Stack; value: unknown }> | undefined;

  constructor(config: ResolverConfig) {
    this.#config = config;
  }

  /** States what a resource turned out to be, where the template alone does not tell (a secret's ARN, a custom resource's data). */
  provide(stack: Stack, logicalId: string, identity: Identity): void {
    this.#provided.set(`${stack.name}/${logicalId}`, identity);
  }

  /** True unless the resource carries a condition that is false. */
  exists(stack: Stack, resource: { Condition?: string | undefined }): boolean {
    return resource.Condition === undefined || this.#condition(stack, resource.Condition);
  }

  /** The value with every intrinsic resolved; members whose value is AWS::NoValue are gone. */
  resolve(stack: Stack, value: unknown): unknown {
    const resolved = this.#value(stack, value);
    return resolved === noValue ? undefined : this.#withSecrets(resolved);
  }

  identity(stack: Stack, logicalId: string): Identity {
    const provided = this.#provided.get(`${stack.name}/${logicalId}`);
    if (provided !== undefined) return provided;
    const resource = stack.template.Resources[logicalId];
    if (resource === undefined) throw new Error(`${stack.name}: a reference to ${logicalId}, which does not exist`);
    const name = (property: string): string | undefined => {
      const given = resource.Properties[property];
      return given === undefined ? undefined : text(this.resolve(stack, given));
    };
    return this.#config.identify(stack, logicalId, resource, name);
  }

  #value(stack: Stack, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#value(stack, one)).filter((one) => one !== noValue);
    if (!isRecord(value)) return value;
    const [entry, ...more] = Object.entries(value);
    if (
      entry !== undefined &&
      more.length === 0 &&
      (entry[0] === 'Ref' || entry[0] === 'Condition' || entry[0].startsWith('Fn::'))
    ) {
      // a policy statement's own member "Condition" is an object, an intrinsic's is a condition's name
      if (entry[0] !== 'Condition' || typeof entry[1] === 'string') return this.#intrinsic(stack, entry[0], entry[1]);
    }
    const members = Object.entries(value).map(([name, member]) => [name, this.#value(stack, member)] as const);
    return Object.fromEntries(members.filter(([, member]) => member !== noValue));
  }

  #intrinsic(stack: Stack, name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(stack, text(argument));
      case 'Fn::GetAtt':
        return this.#getAtt(stack, typeof argument === 'string' ? argument.split('.') : argument);
      case 'Fn::Join': {
        const [separator, parts] = Joined.parse(this.#list(stack, argument));
        return parts.map(text).join(separator);
      }
      case 'Fn::Sub':
        return this.#sub(stack, argument);
      case 'Fn::Select': {
        const [index, from] = this.#list(stack, argument);
        return this.#list(stack, from)[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, whole] = this.#list(stack, argument);
        return text(whole).split(text(separator));
      }
      case 'Fn::GetAZs':
        return ['a', 'b', 'c'].map((zone) => `${this.#config.place.region}${zone}`);
      case 'Fn::FindInMap': {
        const [map = '', top = '', second = ''] = this.#list(stack, argument).map(text);
        return this.#value(stack, stack.template.Mappings[map]?.[top]?.[second]);
      }
      case 'Fn::ImportValue':
        return this.#import(text(this.#value(stack, argument)));
      case 'Fn::If':
        return this.#if(stack, argument);
      default:
        return this.#logic(stack, name, argument);
    }
  }

  #logic(stack: Stack, name: string, argument: unknown): boolean {
    switch (name) {
      case 'Condition':
        return this.#condition(stack, text(argument));
      case 'Fn::Equals': {
        const [left, right] = this.#list(stack, argument);
        return text(left) === text(right);
      }
      case 'Fn::And':
        return this.#list(stack, argument).every((one) => one === true);
      case 'Fn::Or':
        return this.#list(stack, argument).some((one) => one === true);
      case 'Fn::Not':
        return this.#list(stack, argument)[0] !== true;
      default:
        throw new Error(`${stack.name}: the local cloud does not know ${name}`);
    }
  }

  /** Resolves an intrinsic's argument list, or an intrinsic that gives a list. */
  #list(stack: Stack, argument: unknown): unknown[] {
    const list = this.#value(stack, argument);
    if (!Array.isArray(list)) throw new Error(`${stack.name}: a list is needed, but this is ${JSON.stringify(list)}`);
    return list;
  }

  #ref(stack: Stack, name: string): unknown {
    const { accountId, region } = this.#config.place;
    const pseudo: Record<string, unknown> = {
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': stack.name,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stack.name}/local`,
      'AWS::NotificationARNs': [],
      'AWS::NoValue': noValue,
    };
    if (name in pseudo) return pseudo[name];
    const parameter = stack.template.Parameters[name];
    if (parameter === undefined) return this.identity(stack, name).ref;
    const value =
      this.#config.parameters[name] ?? (parameter.Type.startsWith('AWS::SSM') ? undefined : parameter.Default);
    if (value === undefined) throw new Error(`${stack.name}: parameter ${name} has no value`);
    return value;
  }

  #getAtt(stack: Stack, argument: unknown): string {
    const [logicalId, ...path] = z.array(z.string()).parse(argument);
    const attribute = path.join('.');
    const value = this.identity(stack, logicalId ?? '').attributes[attribute];
    if (value === undefined) throw new Error(`${stack.name}: the local cloud does not know ${logicalId}.${attribute}`);
    return value;
  }

  #sub(stack: Stack, argument: unknown): string {
    const [pattern, variables] = Substitution.parse(argument);
    return pattern.replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return text(this.#value(stack, variables[name]));
      const [logicalId = '', ...attribute] = name.split('.');
      return attribute.length === 0
        ? text(this.#ref(stack, name))
        : this.#getAtt(stack, Names.parse([logicalId, attribute.join('.')]));
    });
  }

  #if(stack: Stack, argument: unknown): unknown {
    const [condition, yes, no] = z.tuple([z.string(), z.unknown(), z.unknown()]).parse(argument);
    return this.#value(stack, this.#condition(stack, condition) ? yes : no);
  }

  #condition(stack: Stack, name: string): boolean {
    const condition = stack.template.Conditions[name];
    if (condition === undefined) throw new Error(`${stack.name}: condition ${name} does not exist`);
    return this.#value(stack, condition) === true;
  }

  #import(name: string): unknown {
    this.#exports ??= this.#collectExports();
    const found = this.#exports.get(name);
    if (found === undefined) throw new Error(`no stack exports ${name}`);
    return this.#value(found.stack, found.value);
  }

  #collectExports(): Map<string, { stack: Stack; value: unknown }> {
    const exported = new Map<string, { stack: Stack; value: unknown }>();
    for (const stack of this.#config.stacks) {
      for (const output of Object.values(stack.template.Outputs)) {
        if (output.Export === undefined || !this.exists(stack, output)) continue;
        exported.set(text(this.#value(stack, output.Export.Name)), { stack, value: output.Value });
      }
    }
    return exported;
  }

  /** Dynamic references last: only then are the texts they stand in whole. */
  #withSecrets(value: unknown): unknown {
    if (typeof value === 'string') return this.#secrets(value);
    if (Array.isArray(value)) return value.map((one) => this.#withSecrets(one));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#withSecrets(member)]));
  }

  #secrets(value: string): string {
    if (!value.includes('{{resolve:')) return value;
    const resolved = value.replace(dynamicReference, (_whole, id: string, key: string | undefined) => {
      const secret = this.#config.secretValue(id);
      return key ? text(z.record(z.string(), z.unknown()).parse(JSON.parse(secret))[key]) : secret;
    });
    if (resolved.includes('{{resolve:'))
      throw new Error(`the local cloud does not know the dynamic reference in ${value}`);
    return resolved;
  }
}
