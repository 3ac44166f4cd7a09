import { decide } from '../../shared/access/decide.ts';
import type { Principal } from '../../shared/access/principal.ts';
import type { SettingsStore } from '../../shared/aws/settings-store.ts';
import { getGlobalSetting, listGlobalSettings, setGlobalSetting } from '../../shared/contracts/settings.ts';
import { instanceRoute, type Route } from '../../shared/http/route.ts';
import { Problem } from '../../shared/model/errors.ts';
import { settingKey, settingValue, unsetValue } from '../../shared/model/settings.ts';

const checkSuperadmin = (principal: Principal): void => {
  const decision = decide(principal, { needs: 'superadmin' }, { act: { domain: 'settings', action: 'read' } });
  if (!decision.allow) throw new Problem(decision.status, decision.reason);
};

/** The instance settings. */
export const settingsRoutes = (deps: { settings: Pick<SettingsStore, 'get' | 'set' | 'list'> }): Route[] => [
  instanceRoute(getGlobalSetting, async ({ principal, params }) => {
    const key = settingKey(params.key);
    if (!key.open) checkSuperadmin(principal);
    return { body: (await deps.settings.get(key)) ?? unsetValue(key) };
  }),
  instanceRoute(setGlobalSetting, async ({ params, body, now }) => {
    const key = settingKey(params.key);
    const value = settingValue(key, body.value);
    await deps.settings.set(key, value, now);
    return { body: `${value === undefined ? 'Unset' : 'Set'} ${key.name}` };
  }),
  instanceRoute(listGlobalSettings, async () => ({ body: await deps.settings.list() })),
];
