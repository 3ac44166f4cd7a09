import { z } from 'zod';

/** CloudFormation lets numbers and truth values be written as text. */
export const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
export const boolean = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** A property that is understood and has no effect on one machine. */
export const noEffect = z.unknown().optional();

/** The name after the last colon or slash of an ARN; a plain name stays itself. */
export const nameInArn = (arn: string): string => arn.split(/[:/]/).at(-1) ?? arn;
