import { z } from 'zod';

const Consumed = z.object({ TableName: z.string(), CapacityUnits: z.number() });
/** Capacity units of one call, its tables and their indexes together. */
export type Capacity = { readUnits: number; writeUnits: number };

const OneOrMany = z.union([Consumed.array(), Consumed.transform((one) => [one])]);

const reads: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);
const member = '"ConsumedCapacity":';

/** What the caller wants back: `INDEXES` as it came, `TOTAL` without the parts, `NONE` nothing. */
export type Wish = 'NONE' | 'TOTAL' | 'INDEXES';

const Wished = z.object({ ReturnConsumedCapacity: z.enum(['NONE', 'TOTAL', 'INDEXES']).optional() });

/** What the caller of a data operation asked for; what DynamoDB itself would refuse is left to it (undefined). */
export const wishOf = (input: unknown): Wish | undefined => {
  const wished = Wished.safeParse(input);
  return wished.success ? (wished.data.ReturnConsumedCapacity ?? 'NONE') : undefined;
};

/** The same request, asking for the capacity of the table and every index. */
export const askForCapacity = (body: Buffer, input: unknown): Buffer => {
  if (body.includes('"ReturnConsumedCapacity"')) {
    return Buffer.from(JSON.stringify(Object.assign({}, input, { ReturnConsumedCapacity: 'INDEXES' })));
  }
  const end = body.lastIndexOf('}');
  return Buffer.concat([body.subarray(0, end), Buffer.from(',"ReturnConsumedCapacity":"INDEXES"}')]);
};

const metered = (operation: string, consumed: readonly z.infer<typeof Consumed>[]): Capacity => {
  const units = consumed.reduce((sum, one) => sum + one.CapacityUnits, 0);
  return reads.has(operation) ? { readUnits: units, writeUnits: 0 } : { readUnits: 0, writeUnits: units };
};

/**
 * Takes the capacity out of an answer, leaving what the caller asked for. The capacity is the last member the backend
 * writes, so only those bytes are parsed; were it not, the cut-out text would not be JSON and this would throw.
 */
export const takeCapacity = (operation: string, body: Buffer, wish: Wish): { body: Buffer; capacity: Capacity } => {
  const at = body.lastIndexOf(member);
  if (at < 0) return { body, capacity: metered(operation, []) };
  const raw: unknown = JSON.parse(body.toString('utf8', at + member.length, body.length - 1));
  const consumed = OneOrMany.parse(raw);
  const capacity = metered(operation, consumed);
  if (wish === 'INDEXES') return { body, capacity };
  const before = body.subarray(0, at);
  if (wish === 'TOTAL') {
    const total = Array.isArray(raw) ? consumed : consumed[0];
    return { body: Buffer.concat([before, Buffer.from(`${member}${JSON.stringify(total)}}`)]), capacity };
  }
  const kept = before.at(-1) === 0x2c ? before.subarray(0, -1) : before;
  return { body: Buffer.concat([kept, Buffer.from('}')]), capacity };
};
