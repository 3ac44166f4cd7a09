/** The `trigger_kind` of a schedule's jobs. */
export const SCHEDULE = 'schedule';

/** How the one who launches a schedule's jobs is called. */
export const launcherOf = (path: string): string => `schedule-${path.replaceAll('/', '-')}`;
