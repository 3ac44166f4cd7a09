const compiled = new Map<string, RegExp>();

const toRegExp = (pattern: string, flags: string): RegExp => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${source}$`, flags);
};

/** Matches IAM's `*` (any run of characters, `/` and `:` included) and `?` (one character). Case counts unless `ignoreCase`. */
export const matchesWildcard = (pattern: string, text: string, ignoreCase = false): boolean => {
  if (!ignoreCase && pattern === text) return true;
  const key = ignoreCase ? `i${pattern}` : `c${pattern}`;
  let regexp = compiled.get(key);
  if (regexp === undefined) {
    regexp = toRegExp(pattern, ignoreCase ? 'i' : '');
    compiled.set(key, regexp);
  }
  return regexp.test(text);
};

/** Matches an ARN pattern part by part: a wildcard never reaches over one of the first five colons. */
export const matchesArn = (pattern: string, arn: string): boolean => {
  if (pattern === '*') return true;
  const split = (text: string): string[] => {
    const parts = text.split(':');
    return [...parts.slice(0, 5), parts.slice(5).join(':')];
  };
  const actual = split(arn);
  return split(pattern).every((part, index) => matchesWildcard(part, actual[index] ?? ''));
};
