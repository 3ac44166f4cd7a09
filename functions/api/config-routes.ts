import {
  deleteConfig,
  getConfig,
  listAvailablePythonVersions,
  listConfigs,
  listWorkerGroups,
  updateConfig,
} from '../../shared/contracts/configs.ts';
import { instanceRoute, type Route } from '../../shared/http/route.ts';
import { badRequest, type Problem } from '../../shared/model/errors.ts';
import { configName, configOf, type WorkerGroup } from '../../shared/model/worker-group.ts';

/** What the runner's image has (functions/runner/Dockerfile). */
const PYTHON_VERSIONS = ['3.13'];

const deployedOnly = (name: string): Problem =>
  badRequest(
    `Bad request: ${name} cannot be changed over the API: worker groups are part of the deployment. Change workerGroups in the context millrace of cdk.json and deploy again`,
  );

/** The worker groups as configurations: read-only, because a deployment makes them. */
export const configRoutes = ({ groups }: { groups: readonly WorkerGroup[] }): Route[] => [
  instanceRoute(listWorkerGroups, () => ({
    body: groups.map((group) => ({ name: group.name, config: configOf(group) })),
  })),
  instanceRoute(listConfigs, () => ({
    body: groups.map((group) => ({ name: configName(group), config: configOf(group) })),
  })),
  instanceRoute(getConfig, ({ params }) => {
    const group = groups.find((each) => configName(each) === params.name);
    return { body: group === undefined ? null : configOf(group) };
  }),
  instanceRoute(updateConfig, ({ params }) => {
    throw deployedOnly(params.name);
  }),
  instanceRoute(deleteConfig, ({ params }) => {
    throw deployedOnly(params.name);
  }),
  instanceRoute(listAvailablePythonVersions, () => ({ body: PYTHON_VERSIONS })),
];
