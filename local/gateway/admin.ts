import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Answer } from '../services/service.ts';
import { Fault, type Faults } from './faults.ts';
import type { Meter } from './meter.ts';
import type { WireRequest } from './request.ts';

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

const knows = (given: string | undefined, key: string): boolean => {
  const one = Buffer.from(given ?? '');
  const other = Buffer.from(key);
  return one.length === other.length && timingSafeEqual(one, other);
};

const addFault = (faults: Faults, body: Buffer): Answer => {
  const parsed = z.preprocess((text) => JSON.parse(String(text)), Fault).safeParse(body);
  if (!parsed.success) return json({ error: z.prettifyError(parsed.error) }, 400);
  faults.add(parsed.data);
  return json(faults.list());
};

const Advance = z.object({ advanceMs: z.number().nonnegative() });

const advance = (clock: Clock, body: Buffer): Answer => {
  const parsed = z.preprocess((text) => JSON.parse(String(text)), Advance).safeParse(body);
  if (!parsed.success) return json({ error: z.prettifyError(parsed.error) }, 400);
  clock.advance(parsed.data.advanceMs);
  return json({ now: clock.now() });
};

/**
 * `/_millrace/**`, for tests and benches in another process; `x-millrace-admin` must hold the key of the state folder.
 * clock (POST `{"advanceMs": n}`), meter (GET, POST = reset), faults (GET, POST = add one, DELETE = clear), trace (POST = start, GET = stop and read).
 */
export const answerAdmin = (
  request: WireRequest,
  adminKey: string,
  { meter, faults, clock }: { meter: Meter; faults: Faults; clock: Clock },
): Answer => {
  if (!knows(request.headers['x-millrace-admin'], adminKey)) return json({ error: 'x-millrace-admin is wrong' }, 403);
  switch (`${request.method} ${request.path}`) {
    case 'POST /_millrace/clock':
      return advance(clock, request.body);
    case 'GET /_millrace/meter':
      return json(meter.read());
    case 'POST /_millrace/meter':
      meter.reset();
      return json({});
    case 'GET /_millrace/faults':
      return json(faults.list());
    case 'POST /_millrace/faults':
      return addFault(faults, request.body);
    case 'DELETE /_millrace/faults':
      faults.clear();
      return json([]);
    case 'POST /_millrace/trace':
      faults.startTrace();
      return json({});
    case 'GET /_millrace/trace':
      return json(faults.stopTrace());
    default:
      return json({ error: `no such page: ${request.path}` }, 404);
  }
};
