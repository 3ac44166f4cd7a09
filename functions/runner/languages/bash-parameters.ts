import type { Json, JsonObject } from '../../../shared/model/json.ts';

const DECLARATION =
  /^\s*(?:local\s+|export\s+)?([A-Za-z_]\w*)=(?:"\$(?:(\d+)|\{(\d+)(?::?-[^"]*)?\})"|\$(?:(\d+)|\{(\d+)(?::?-[^\s]*)?\}))\s*(?:#.*)?$/;

/** The names of a Bash script's positional parameters, from lines such as `name="$1"` and `name="${2:-default}"`. */
export const bashParameters = (code: string): (string | undefined)[] => {
  const names: (string | undefined)[] = [];
  for (const line of code.split('\n')) {
    const match = DECLARATION.exec(line);
    const position = Number(match?.[2] ?? match?.[3] ?? match?.[4] ?? match?.[5] ?? 0);
    if (position >= 1 && position <= 999) names[position - 1] ??= match?.[1];
  }
  return Array.from(names);
};

/** The positional arguments: strings as they are, everything else as JSON, nothing for null and for what is missing. */
export const bashArguments = (code: string, args: JsonObject): string[] =>
  bashParameters(code).map((name) =>
    name !== undefined && Object.hasOwn(args, name) ? textOf(args[name] ?? null) : '',
  );

const textOf = (value: Json): string => {
  if (value === null) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\0', '');
};
