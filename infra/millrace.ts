import type { App } from 'aws-cdk-lib';
import type { Assets } from './build/assets.ts';
import type { Config } from './config.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { ObservabilityStack } from './stacks/observability.ts';
import { WebStack } from './stacks/web.ts';
import { WorkersStack } from './stacks/workers.ts';

/** Puts every stack of one deployment into the app. They build on each other in this order. */
export const defineMillrace = (app: App, config: Config, assets: Assets): void => {
  const named = (part: string): string => `millrace-${config.stage}-${part}`;
  const data = new DataStack(app, named('data'), { config });
  const stores = { jobs: data.jobs, catalog: data.catalog, payload: data.payload };
  const workers = new WorkersStack(app, named('workers'), {
    config,
    assets,
    stores,
    signingSecret: data.signingSecret,
  });
  const { sending, lane } = workers;
  const api = new ApiStack(app, named('api'), { config, assets, stores, sending, lane });
  new WebStack(app, named('web'), {
    config,
    assets,
    stores,
    secrets: { adminToken: data.adminToken, signingSecret: data.signingSecret, origin: api.originSecret },
    origins: { wait: api.waitUrl, stream: api.streamUrl, httpApiDomain: api.http.domain },
  });
  new ObservabilityStack(app, named('observability'), { config, data, workers, api });
};
