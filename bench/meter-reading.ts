import { z } from 'zod';

const Usage = z.object({ calls: z.number(), readUnits: z.number(), writeUnits: z.number(), errors: z.number() });
export type Usage = z.output<typeof Usage>;

const ByOperation = z.record(z.string(), Usage);

/** The gateway's meter as `/_millrace/meter` shows it. */
export const MeterReading = z.object({
  functions: z.record(z.string(), ByOperation),
  invocations: z.record(z.string(), z.object({ count: z.number(), cold: z.number(), durationMs: z.number() })),
});
export type MeterReading = z.output<typeof MeterReading>;

/** Operations of the functions whose names end in one of `words` (`event-sources` is the local cloud's own polling). */
export const operationsOf = (
  reading: MeterReading,
  words: readonly string[],
): { who: string; operation: string; usage: Usage }[] =>
  Object.entries(reading.functions).flatMap(([name, operations]) => {
    const who = words.find((word) => name === word || name.endsWith(`-${word}`));
    return who === undefined ? [] : Object.entries(operations).map(([operation, usage]) => ({ who, operation, usage }));
  });

/** Invocations of the one function whose name ends in `word`. */
export const invocationsOf = (reading: MeterReading, word: string): number =>
  Object.entries(reading.invocations)
    .filter(([name]) => name === word || name.endsWith(`-${word}`))
    .reduce((sum, [, { count }]) => sum + count, 0);
