import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { ScriptLanguage } from '../model/script.ts';
import { contract, jsonBody, jsonPiecesAnswer, NoQuery, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';

const mayRun = { needs: 'workspace', right: 'run' } as const satisfies Access;

/** Code whose packages are asked for. Windmill's CLI calls its path `script_path`. */
const RawScript = z.object({
  raw_code: z.string().max(300_000),
  language: ScriptLanguage,
  path: z.string().max(255).nullish(),
  script_path: z.string().max(255).nullish(),
});

/** The one of `raw_scripts` that is at `entrypoint`, else the first, is the one that a lock is made for. */
export const RawDependencies = z.object({
  raw_scripts: z.array(RawScript).min(1, 'must name the script').max(1_000),
  entrypoint: z.string().nullish(),
});
export type RawDependencies = z.output<typeof RawDependencies>;

const raw = { params: InWorkspace, query: NoQuery, body: jsonBody(RawDependencies), access: mayRun };

export const runRawScriptDependencies = contract({
  id: 'runRawScriptDependencies',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/dependencies',
  summary: 'Make a lock for code and answer {lock}; 400 in words of the resolver when there is none, 303 to wait on',
  ...raw,
  answer: jsonPiecesAnswer(200),
});

export const runRawScriptDependenciesAsync = contract({
  id: 'runRawScriptDependenciesAsync',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/dependencies_async',
  summary: 'Make a lock for code, as a job whose result is {lock}',
  ...raw,
  answer: textAnswer(201),
});
