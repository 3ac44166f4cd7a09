import { z } from 'zod';

/** The languages a script may be written in, spelled as Windmill's ScriptLang. `nodejs` is a `bun` script that opens with `//nodejs`. */
export const Language = z.enum(['python3', 'bash', 'bun']);
export type Language = z.infer<typeof Language>;

/** All languages Windmill knows: one of these that is not in {@link Language} gets an error that says so. */
export const WindmillLanguage = z.enum([
  'python3',
  'deno',
  'go',
  'bash',
  'powershell',
  'postgresql',
  'mysql',
  'bigquery',
  'snowflake',
  'mssql',
  'oracledb',
  'graphql',
  'nativets',
  'bun',
  'php',
  'rust',
  'ansible',
  'csharp',
  'nu',
  'java',
  'ruby',
  'rlang',
  'duckdb',
  'bunnative',
  'dbt',
]);

/** The tag a job of this language gets unless its script or its caller names one (reference 1.3). */
export const defaultTag = (language: Language): string => language;

/** The tag of jobs that look for packages. */
export const DEPENDENCY_TAG = 'dependency';

/** True when a TypeScript script asks for Node instead of bun: a leading comment line `//nodejs`. */
export const wantsNode = (code: string): boolean => {
  for (const line of code.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '') continue;
    if (!trimmed.startsWith('//')) return false;
    if (/^\/\/\s*nodejs\b/.test(trimmed)) return true;
  }
  return false;
};
