import { z } from 'zod';
import type { Identity } from './identities.ts';
import { ignored } from './ignored-types.ts';
import type { Assembly } from './read-assembly.ts';
import type { Resolver } from './resolver.ts';
import type { Stack } from './template.ts';

/** One resource of the template, as the families see it. */
export type Resource = {
  stack: Stack;
  logicalId: string;
  type: string;
  identity: Identity;
  rawProperties: Record<string, unknown>;
};

/** The resources that exist (conditions applied), by type, and their properties resolved when asked for. */
export class Deployment {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly #taken = new Set<string>();

  constructor(assembly: Assembly, resolver: Resolver) {
    this.assembly = assembly;
    this.resolver = resolver;
  }

  /** All resources of a type. Asking for a type is taking it: see {@link refuseUnknown}. */
  of(type: string): Resource[] {
    this.#taken.add(type);
    return this.#all((candidate) => candidate === type);
  }

  /** All resources whose type starts so, as `Custom::`. */
  startingWith(prefix: string): Resource[] {
    this.#taken.add(prefix);
    return this.#all((candidate) => candidate.startsWith(prefix));
  }

  /** Resolved properties, parsed; a property the schema does not list throws naming the resource. */
  properties<T extends z.ZodType>(resource: Resource, schema: T): z.output<T> {
    try {
      return schema.parse(this.resolver.resolve(resource.stack, resource.rawProperties));
    } catch (error) {
      const reason =
        error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
      throw new Error(`${resource.stack.name}/${resource.logicalId} (${resource.type}): ${reason}`, { cause: error });
    }
  }

  /** Throws naming every resource whose type nobody asked for and the written list does not ignore. */
  refuseUnknown(): void {
    const unknown = this.#all((type) => {
      const taken = [...this.#taken].some(
        (known) => type === known || (known.endsWith('::') && type.startsWith(known)),
      );
      return !taken && !Object.hasOwn(ignored, type);
    });
    if (unknown.length === 0) return;
    const names = unknown.map((one) => `${one.stack.name}/${one.logicalId} (${one.type})`);
    throw new Error(`the local cloud does not know how to build ${names.join(', ')}`);
  }

  #all(wanted: (type: string) => boolean): Resource[] {
    return this.assembly.stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources)
        .filter(([, resource]) => wanted(resource.Type) && this.resolver.exists(stack, resource))
        .map(([logicalId, resource]) => ({
          stack,
          logicalId,
          type: resource.Type,
          identity: this.resolver.identity(stack, logicalId),
          rawProperties: resource.Properties,
        })),
    );
  }
}
