import { z } from 'zod';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';

const OfConfig = z.object({ name: z.string().max(100) });
const superadmin = { needs: 'superadmin' } as const;
const GroupConfig = z.object({
  worker_tags: z.array(z.string()),
  lane: z.enum(['lambda', 'fargate']),
  max_concurrency: z.number(),
  priority_concurrency: z.number(),
  batch_size: z.number(),
  time_limit_s: z.number(),
  memory_mb: z.number(),
  runner_concurrency: z.number().optional(),
  vcpu: z.number().optional(),
  spot: z.boolean().optional(),
});
const Configs = z.array(z.object({ name: z.string(), config: GroupConfig }));

export const listWorkerGroups = contract({
  id: 'listWorkerGroups',
  method: 'GET',
  path: '/configs/list_worker_groups',
  summary: 'The worker groups, as they are deployed',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, Configs),
  access: { needs: 'login' },
});

export const listConfigs = contract({
  id: 'listConfigs',
  method: 'GET',
  path: '/configs/list',
  summary: 'All configurations: one for each worker group',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, Configs),
  access: superadmin,
});

export const getConfig = contract({
  id: 'getConfig',
  method: 'GET',
  path: '/configs/get/{name}',
  summary: 'A configuration, such as worker__default; null when there is none',
  params: OfConfig,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, GroupConfig.nullable()),
  access: superadmin,
});

/** Queues, functions and their limits are resources of the deployment: no request can change them. */
export const updateConfig = contract({
  id: 'updateConfig',
  method: 'POST',
  path: '/configs/update/{name}',
  summary: 'Always 400, which says where a worker group is changed',
  params: OfConfig,
  query: NoQuery,
  body: jsonBody(z.json()),
  answer: textAnswer(200),
  access: superadmin,
});

export const deleteConfig = contract({
  id: 'deleteConfig',
  method: 'DELETE',
  path: '/configs/update/{name}',
  summary: 'Always 400, which says where a worker group is taken away',
  params: OfConfig,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: superadmin,
});

export const listAvailablePythonVersions = contract({
  id: 'listAvailablePythonVersions',
  method: 'GET',
  path: '/configs/list_available_python_versions',
  summary: 'The versions of Python that scripts can run on',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: { needs: 'login' },
});
