import { z } from 'zod';

/** Whose arguments will come into a place, and until when (milliseconds since 1970) he may run something with them. */
export const UploadPromise = z.object({ permissioned_as: z.string(), email: z.string(), until: z.number() });
export type UploadPromise = z.infer<typeof UploadPromise>;
