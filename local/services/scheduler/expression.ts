import { Cron } from 'croner';
import { AwsError } from '../aws-error.ts';

/** When a schedule runs. All times in milliseconds since 1970. */
export interface Expression {
  /** Runs once only. */
  once: boolean;
  /** The first run, for a schedule that begins at `from`; undefined when there is none. */
  first(from: number): number | undefined;
  /** The first run later than `now`, given the run before it. */
  next(previous: number, now: number): number | undefined;
}

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

const invalid = (expression: string, why: string): AwsError =>
  new AwsError('ValidationException', 400, `Invalid Schedule Expression ${expression}: ${why}`);

const once = (expression: string, moment: string, timezone: string): Expression => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(moment)) throw invalid(expression, 'expected at(yyyy-mm-ddThh:mm:ss)');
  const time = new Cron(moment, { timezone }).nextRun(new Date(0))?.getTime();
  if (time === undefined) throw invalid(expression, 'no such time');
  return { once: true, first: () => time, next: () => undefined };
};

const every = (expression: string, text: string): Expression => {
  const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(text) ?? [];
  const period = Number(count) * (unitMs[unit] ?? 0);
  if (period <= 0) throw invalid(expression, 'expected rate(value minutes|hours|days)');
  const next = (previous: number, now: number): number =>
    previous + (Math.floor(Math.max(0, now - previous) / period) + 1) * period;
  return { once: false, first: (from) => from, next };
};

/** AWS's six fields as croner reads them: one of the two day fields is `?`, weekdays count 1-7 from Sunday. */
const cronOf = (expression: string, text: string, timezone: string): Cron => {
  const fields = text.split(/\s+/);
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (fields.length !== 6) throw invalid(expression, 'expected six fields');
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid(expression, 'exactly one of day-of-month and day-of-week must be ?');
  }
  const pattern = ['0', ...fields.map((field) => (field === '?' ? '*' : field))].join(' ');
  return new Cron(pattern, { timezone, alternativeWeekdays: true, sloppyRanges: true, mode: '7-part' });
};

const byCalendar = (expression: string, text: string, timezone: string): Expression => {
  const cron = cronOf(expression, text, timezone);
  const after = (time: number): number | undefined => {
    let run = cron.nextRun(new Date(time));
    // A time that a clock change skips is no run on AWS; croner moves it to the next hour.
    while (run !== null && !cron.match(run)) run = cron.nextRun(run);
    return run?.getTime();
  };
  return { once: false, first: (from) => after(from - 1), next: (previous, now) => after(Math.max(previous, now)) };
};

/** Reads `at(...)`, `rate(...)` or `cron(...)`; a malformed one is a ValidationException. */
export const parseExpression = (expression: string, timezone: string): Expression => {
  const [, kind, inside = ''] = /^(at|rate|cron)\((.*)\)$/.exec(expression) ?? [];
  try {
    switch (kind) {
      case 'at':
        return once(expression, inside, timezone);
      case 'rate':
        return every(expression, inside);
      case 'cron':
        return byCalendar(expression, inside.trim(), timezone);
      default:
        throw invalid(expression, 'expected at(), rate() or cron()');
    }
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw invalid(expression, error instanceof Error ? error.message : String(error));
  }
};
