import { join } from 'node:path';
import { parseJson } from '../../../shared/model/json.ts';
import type { LastLines } from '../last-lines.ts';
import { failure, largeIn, limitsOf, type ResultLimits, readUpTo, tooLarge, type Verdict } from '../outcome.ts';
import { bashArguments } from './bash-parameters.ts';
import type { Planner } from './language-plan.ts';

/**
 * `main.sh` with its arguments by position. The result is `./result.json`, else the text of `./result.out`, else the last line
 * of the output (stdout and stderr, as in Windmill) unless that was streamed, else null.
 */
export const planBash: Planner = async ({ request, args, folder, places }) => {
  const file = await places.interpreter('bash');
  folder.write('main.sh', request.code);
  return {
    file,
    argv: ['main.sh', ...bashArguments(request.code, args)],
    env: {},
    verdict: (ended, output) => (ended.code === 0 ? resultOf(folder.path, output, limitsOf(request)) : undefined),
  };
};

const resultOf = (folder: string, output: LastLines, limits: ResultLimits): Verdict => {
  const limit = limits.frames;
  const file = join(folder, 'result.json');
  const json = readUpTo(file, limit);
  if (json !== undefined) {
    const large = largeIn(file, 0, json.size, limits);
    if (large !== undefined) return large;
    const parsed = parseJson(json.bytes.toString('utf8'));
    if (!parsed.ok) return failure('InvalidResult', `result.json is not valid JSON: ${parsed.reason}`);
    return { success: true, json: JSON.stringify(parsed.value) };
  }
  const text = readUpTo(join(folder, 'result.out'), limit);
  if (text !== undefined) {
    if (text.size > limit) return tooLarge(text.size, limit);
    return asString(text.bytes.toString('utf8').replace(/\r?\n$/, ''), limit);
  }
  const line = output.lastLine();
  if (line?.tooLong === true)
    return failure(
      'ResultTooLarge',
      `The last line of the output, which is the result, is longer than the limit of ${limit} bytes`,
    );
  return line === undefined ? { success: true, json: 'null' } : asString(line.text, limit);
};

const asString = (text: string, limit: number): Verdict => {
  const json = JSON.stringify(text);
  const bytes = Buffer.byteLength(json);
  return bytes > limit ? tooLarge(bytes, limit) : { success: true, json };
};
