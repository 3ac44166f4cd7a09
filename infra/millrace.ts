import { App, type Stack } from 'aws-cdk-lib';
import type { Assets } from './build/assets.ts';
import { parseConfig } from './config.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { ObservabilityStack } from './stacks/observability.ts';
import { WebStack } from './stacks/web.ts';
import { WorkersStack } from './stacks/workers.ts';

export type MillraceProps = {
  /** The `context` of cdk.json: feature flags and the configuration. The CLI's own context goes before it. */
  context: Record<string, unknown>;
  assets: Assets;
  /** Folder of the assembly. */
  outdir: string;
  /** Whether synth runs CloudFormation's own validation: a second of CPU. */
  checked: boolean;
};

/** The whole deployment as a CDK app, not yet synthesized. Its stacks build on each other in the order given here. */
export const millrace = (props: MillraceProps): { app: App; stackPrefix: string; stacks: Stack[] } => {
  const app = new App({
    outdir: props.outdir,
    context: props.context,
    analyticsReporting: false,
    treeMetadata: false,
    stackTraces: props.checked,
    builtinCloudFormationValidation: props.checked,
  });
  const config = parseConfig(app.node.tryGetContext('millrace'));
  const { assets } = props;
  const prefix = `millrace-${config.stage}-`;

  const data = new DataStack(app, `${prefix}data`, { config });
  const { signingSecret, adminToken } = data;
  const { jobs, catalog, payload, packages, secretsKey } = data;
  const stores = { jobs, catalog, payload, packages, secretsKey };
  const workers = new WorkersStack(app, `${prefix}workers`, { config, assets, stores, signingSecret });
  const { sending, lane } = workers;
  const api = new ApiStack(app, `${prefix}api`, { config, assets, stores, sending, lane });
  const web = new WebStack(app, `${prefix}web`, {
    config,
    assets,
    stores,
    secrets: { adminToken, signingSecret, origin: api.originSecret },
    origins: { wait: api.waitUrl, stream: api.streamUrl, httpApiDomain: api.http.domain },
  });
  const observability = new ObservabilityStack(app, `${prefix}observability`, { config, data, workers, api });
  return { app, stackPrefix: prefix, stacks: [data, workers, api, web, observability] };
};
