import { z } from 'zod';
import { Json } from './json.ts';

/** As long as one expression may be. */
const LONGEST_EXPR = 100_000;

export const Expr = z.string().max(LONGEST_EXPR, `an expression is at most ${LONGEST_EXPR} characters long`);

/** A value as it stands in the definition, or a JavaScript expression over what ran before. */
export const InputTransform = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('static'), value: Json.optional() }),
    z.object({ type: z.literal('javascript'), expr: Expr }),
  ],
  {
    error: ({ input }) =>
      typeof input === 'object' && input !== null && 'type' in input && input.type === 'ai'
        ? 'an input of type ai belongs to an AI agent, which does not run here: use static or javascript'
        : 'must be {"type": "static", "value": ...} or {"type": "javascript", "expr": "..."}',
  },
);
export type InputTransform = z.infer<typeof InputTransform>;

/** The arguments of a step, by parameter. */
export const InputTransforms = z.record(z.string(), InputTransform).nullish();
export type InputTransforms = z.infer<typeof InputTransforms>;

/** A number that older definitions state bare and newer ones as an input transform. */
export const NumberInput = z.union([z.number(), InputTransform], {
  error: 'must be a number, or an input transform that gives one',
});
export type NumberInput = z.infer<typeof NumberInput>;

/** The one form of both. */
export const asTransform = (input: NumberInput): InputTransform =>
  typeof input === 'number' ? { type: 'static', value: input } : input;
