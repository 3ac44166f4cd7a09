import { z } from 'zod';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';

const OfSetting = z.object({ key: z.string() });

/** Some settings steer clients and anybody may read them; all others are a superadmin's, because some are secrets. */
export const getGlobalSetting = contract({
  id: 'getGlobal',
  method: 'GET',
  path: '/settings/global/{key}',
  summary: 'An instance setting; null when it is not set. An unknown one is 400',
  params: OfSetting,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.json()),
  access: { needs: 'login' },
});

/** A retention period holds for the jobs that are completed already as well: they are restamped within some minutes. */
export const setGlobalSetting = contract({
  id: 'setGlobal',
  method: 'POST',
  path: '/settings/global/{key}',
  summary:
    'Set an instance setting; without a value it is unset. Null unsets too, except retention_period_secs: no limit',
  params: OfSetting,
  query: NoQuery,
  body: jsonBody(z.object({ value: z.json().optional() })),
  answer: textAnswer(200),
  access: { needs: 'superadmin' },
});

export const listGlobalSettings = contract({
  id: 'listGlobalSettings',
  method: 'GET',
  path: '/settings/list_global',
  summary: 'The instance settings that are set',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.object({ name: z.string(), value: z.json() }))),
  access: { needs: 'superadmin' },
});
