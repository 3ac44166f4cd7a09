import { backendVersion, getDbClock, health, openApiDocument } from '../../shared/contracts/instance.ts';
import { instanceRoute, openRoute, type Route } from '../../shared/http/route.ts';
import { openApi } from './open-api.ts';

/** Windmill's CLI reads the version of the API it talks to from `CE v…`. */
export const VERSION = 'Millrace v0.1.0 (Windmill API CE v1.700.0)';

/** What the instance says of itself. */
export const instanceRoutes = (deps: { reachable: () => Promise<unknown> }): Route[] => [
  openRoute(backendVersion, () => ({ body: VERSION })),
  openRoute(health, async () => {
    await deps.reachable();
    return { body: { status: 'ok' as const } };
  }),
  openRoute(openApiDocument, () => ({ body: openApi() })),
  instanceRoute(getDbClock, ({ now }) => ({ body: now })),
];
