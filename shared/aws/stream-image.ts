import { z } from 'zod';
import type { Json } from '../model/json.ts';

/** One attribute as streams write it, as the value it stands for. Binary values and sets of them are no part of our items. */
const Attribute: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.strictObject({ S: z.string() }).transform(({ S }) => S),
    z.strictObject({ N: z.string() }).transform(({ N }) => Number(N)),
    z.strictObject({ BOOL: z.boolean() }).transform(({ BOOL }) => BOOL),
    z.strictObject({ NULL: z.literal(true) }).transform(() => null),
    z.strictObject({ SS: z.array(z.string()) }).transform(({ SS }) => SS),
    z.strictObject({ L: z.array(Attribute) }).transform(({ L }) => L),
    z.strictObject({ M: z.record(z.string(), Attribute) }).transform(({ M }) => M),
  ]),
);

/** An item's image in a stream record as plain data. Importing the SDK for this would be most of a cold start. */
export const StreamImage = z.record(z.string(), Attribute);
