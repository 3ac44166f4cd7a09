import { Cron } from 'croner';

/** When something repeats. `v1` counts weekdays 1 to 7 from Sunday; otherwise they count from Sunday = 0, and 7 is Sunday too. */
export type CronRule = { schedule: string; timezone: string; cron_version?: string | null | undefined };

const parse = ({ schedule, timezone, cron_version }: CronRule): Cron =>
  new Cron(schedule.trim(), {
    timezone,
    mode: '6-part',
    // Windmill's parsers want both day fields to fit, not one of them.
    domAndDow: true,
    sloppyRanges: true,
    alternativeWeekdays: cron_version === 'v1',
  });

/**
 * The first `count` ticks later than `after`, in milliseconds since 1970; fewer when there are no more. A time that a clock
 * change skips ticks at the end of the gap; one that it repeats ticks once, but what ticks all through the hour goes on.
 * Throws for a rule that `cronFault` finds fault with.
 */
export const nextTicks = (rule: CronRule, after: number, count: number): number[] =>
  parse(rule)
    .nextRuns(count, new Date(after))
    .map((tick) => tick.getTime());

const isZone = (timezone: string): boolean => {
  try {
    return /^[A-Za-z]/.test(timezone) && new Intl.DateTimeFormat('en', { timeZone: timezone }) !== undefined;
  } catch {
    return false;
  }
};

const EXAMPLE = 'six fields, seconds first, such as 0 0 12 * * *';

/** What is wrong with a rule, and in which field; undefined when it can be followed. Reads no clock. */
export const cronFault = (rule: CronRule): { field: 'schedule' | 'timezone'; message: string } | undefined => {
  if (!isZone(rule.timezone))
    return { field: 'timezone', message: `${rule.timezone} is no IANA time zone such as Europe/Berlin` };
  const fields = rule.schedule.trim().split(/\s+/);
  if (fields.length !== 6)
    return { field: 'schedule', message: `has ${fields.length} fields: a cron expression has ${EXAMPLE}` };
  try {
    return nextTicks(rule, 0, 1).length > 0
      ? undefined
      : { field: 'schedule', message: 'names a time that never comes' };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { field: 'schedule', message: `is no cron expression (${EXAMPLE}): ${why}` };
  }
};
