import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OutputPiece, StreamLines } from '../../../functions/runner/stream-lines.ts';
import { STREAM_LIMIT_BYTES } from '../../../shared/model/runner.ts';
import { runIn, type Told, testEnvironment } from './run.ts';

const LIMIT = 12;
const NEWLINE = Buffer.from('\n');
const PREFIX = Buffer.from('WM_STREAM: ');

const taken = (chunks: Buffer[], limit = LIMIT): { log: Buffer; stream: Buffer[] } => {
  const lines = new StreamLines(limit);
  const pieces: OutputPiece[] = [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.end()];
  const of = (to: OutputPiece['to']): Buffer[] => pieces.filter((piece) => piece.to === to).map(({ bytes }) => bytes);
  return { log: Buffer.concat(of('log')), stream: of('stream') };
};

/** The same by the words of the rule, for an output that is whole. */
const expected = (output: Buffer): { log: Buffer; stream: Buffer[] } => {
  const log: Buffer[] = [];
  const stream: Buffer[] = [];
  for (let from = 0; from < output.length; ) {
    const newline = output.indexOf(NEWLINE, from);
    const end = newline === -1 ? output.length : newline + 1;
    const text = output.subarray(from, newline === -1 ? end : newline);
    const isStream = text.subarray(0, PREFIX.length).equals(PREFIX) && text.length - PREFIX.length <= LIMIT;
    if (isStream) {
      const told = text.subarray(PREFIX.length);
      stream.push(told.at(-1) === 0x0d ? told.subarray(0, -1) : told);
    } else log.push(output.subarray(from, end));
    from = end;
  }
  return { log: Buffer.concat(log), stream };
};

const word = fc.oneof(
  fc
    .constantFrom('WM_STREAM: ', 'WM_STREAM:', 'WM_', 'W', '\n', '\r\n', 'text', '\\n', 'é🚂')
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 14 }).map((bytes) => Buffer.from(bytes)),
);

describe('the lines of an output', () => {
  test('are the same however it was cut, and every byte goes to the log or to the stream', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.array(fc.nat({ max: 120 })), (words, cuts) => {
        const output = Buffer.concat(words);
        const edges = [
          0,
          ...cuts.map((cut) => cut % (output.length + 1)).sort((one, other) => one - other),
          output.length,
        ];
        const chunks = edges.slice(1).map((end, index) => output.subarray(edges[index], end));
        expect(taken(chunks)).toEqual(expected(output));
      }),
      { numRuns: 500 },
    );
  });

  test('go to the log at once, but for what may become the beginning of one for the stream', () => {
    const lines = new StreamLines(LIMIT);
    const logged = (text: string): string =>
      lines
        .push(Buffer.from(text))
        .map(({ bytes }) => String(bytes))
        .join('|');
    expect(logged('begun')).toBe('begun');
    expect(logged(' and ended\nWM')).toBe(' and ended\n');
    expect(logged('X')).toBe('WMX');
  });

  test('hold no more than their limit', () => {
    const lines = new StreamLines(1_000);
    lines.push(PREFIX);
    let logged = 0;
    for (let n = 0; n < 100; n += 1) for (const { bytes } of lines.push(Buffer.alloc(100, 'x'))) logged += bytes.length;
    expect(logged).toBe(100 * 100 + PREFIX.length);
  });
});

const run = runIn(testEnvironment());
const streamOf = ({ frames }: Told): string =>
  frames.flatMap((frame) => (frame.type === 'stream' ? [frame.text] : [])).join('');

describe('what a script streams', () => {
  test('is no log, and as the last line no result of Bash', async () => {
    const told = await run(
      'bash',
      String.raw`echo one; echo "WM_STREAM: a\\nb"; printf 'two\nWM_STREAM: \xff\n'; echo ' WM_STREAM: log'`,
    );
    expect(streamOf(told)).toBe('a\nb\uFFFD');
    expect(told.log).toBe('one\ntwo\n WM_STREAM: log\n');
    expect(told.result).toBe(' WM_STREAM: log');
    const last = await run('bash', 'echo log; echo "WM_STREAM: all"');
    expect([last.result, last.log, streamOf(last)]).toEqual([null, 'log\n', 'all']);
  });

  test.each([
    ['python3', 'def main():\n  yield "a\\n"\n  yield "🚂"\n  yield {"n": 1}'],
    ['python3', 'async def main():\n  yield "a\\n"\n  yield "🚂"\n  yield {"n": 1}'],
    [
      'python3',
      'async def main():\n  async def items():\n    for i in ["a\\n", "🚂", {"n": 1}]: yield i\n  return items()',
    ],
    ['bun', 'export async function* main() { yield "a\\n"; yield "🚂"; yield {n: 1} }'],
    [
      'bun',
      '//nodejs\nexport const main = () => ({ async *[Symbol.asyncIterator]() { yield "a\\n"; yield "🚂"; yield {n: 1} } })',
    ],
  ] as const)('in %s are the items of what main gives, when the first is text: %s', async (language, code) => {
    const told = await run(language, code);
    expect([streamOf(told), told.log, told.result]).toEqual(['a\n🚂{"n":1}', '', null]);
  });

  test('ends at its limit with a note, and the log goes on', async () => {
    const told = await run(
      'bash',
      `line="WM_STREAM: $(head -c 100000 /dev/zero | tr '\\0' x)"; for i in $(seq 30); do echo "$line"; done; echo end`,
    );
    expect(streamOf(told)).toHaveLength(100_000 * Math.floor(STREAM_LIMIT_BYTES / 100_000));
    expect(told.notes).toEqual([expect.stringContaining('the result stream is over the limit of 2097152 bytes')]);
    expect(told.log.endsWith('end\n')).toBe(true);
  });
});
