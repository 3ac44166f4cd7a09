import type { Behaviour, FrontDoorDefinition } from './definitions.ts';

const escapeRegExp = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** A CloudFront path pattern: `*` is any run of characters (slashes too), `?` exactly one; the first slash is optional. */
const pathMatcher = (pattern: string): ((path: string) => boolean) => {
  const whole = pattern.startsWith('/') || pattern === '*' ? pattern : `/${pattern}`;
  const source = escapeRegExp(whole).replaceAll('*', '.*').replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 's');
  return (path) => expression.test(path);
};

/** The first behaviour in the template's order whose pattern matches the undecoded path; else the default one. */
export const behaviourFinder = (
  definition: FrontDoorDefinition,
): ((path: string) => Omit<Behaviour, 'pathPattern'>) => {
  const matchers = definition.behaviours.map((behaviour) => ({
    behaviour,
    matches: pathMatcher(behaviour.pathPattern),
  }));
  return (path) => matchers.find(({ matches }) => matches(path))?.behaviour ?? definition.defaultBehaviour;
};
