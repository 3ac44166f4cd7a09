import { randomBytes } from 'node:crypto';
import { uploadJobArgs } from '../../shared/contracts/run.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { type ArgsUploadDeps, inviteArgs } from '../../shared/jobs/uploaded-args.ts';

/** Arguments that are too large for a request. */
export const uploadRoutes = (deps: ArgsUploadDeps): Route[] => [
  route(uploadJobArgs, async ({ params, body, principal, standing, now }) => ({
    body: await inviteArgs(deps, params.workspace, { standing, email: principal.email }, body, {
      now,
      random: randomBytes(10),
    }),
  })),
];
