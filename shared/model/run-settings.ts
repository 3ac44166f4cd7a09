import { z } from 'zod';

/** How a job is run beyond its code and arguments, as its script says. All absent for most jobs, which then cost nothing more. */
export const RunSettings = z.object({
  /** Runs again when it has ended, until somebody cancels it. */
  restart_unless_cancelled: z.boolean().optional(),
  /** Seconds after its end at which arguments, result and log are removed. */
  delete_after_secs: z.number().int().optional(),
});
export type RunSettings = z.infer<typeof RunSettings>;
