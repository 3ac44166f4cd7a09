import { describe, expect, it } from 'vitest';
import { Env as Api } from '../../functions/api/env.ts';
import { Env as Deadletter } from '../../functions/deadletter/env.ts';
import { Env as Dispatch } from '../../functions/dispatch/env.ts';
import { Env as Expiry } from '../../functions/expiry/env.ts';
import { Env as Frames } from '../../functions/frames/env.ts';
import { Env as Reaper } from '../../functions/reaper/env.ts';
import { Env as Reconcile } from '../../functions/reconcile/env.ts';
import { Env as Seed } from '../../functions/seed/env.ts';
import { Env as Stream } from '../../functions/stream/env.ts';
import { Env as Wait } from '../../functions/wait/env.ts';
import { Env as Webhook } from '../../functions/webhook/env.ts';
import { Synthesized } from './synthesized.ts';

const cloud = new Synthesized();
const functions = [...cloud.all('AWS::Lambda::Function')];
const zipped = functions.filter(([, { Properties }]) => Properties.PackageType !== 'Image');

describe('every function', () => {
  it.each(zipped)('%s runs on Node 24 and arm64', (_id, { Properties }) => {
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
  });

  it.each(zipped)('%s logs JSON to a group of its own that forgets', (_id, { Properties }) => {
    const group = cloud.all('AWS::Logs::LogGroup').get(Properties.LoggingConfig.LogGroup.Ref)!;
    expect(Properties.LoggingConfig.LogFormat).toBe('JSON');
    expect(group.Properties.RetentionInDays).toBe(30);
    const users = zipped.filter(
      ([, other]) => other.Properties.LoggingConfig.LogGroup.Ref === Properties.LoggingConfig.LogGroup.Ref,
    );
    expect(users).toHaveLength(1);
  });

  it('has the timeout of its stage', () => {
    const timeouts = functions.map(([id, { Properties }]) => [
      id.replace(/(Platform)?Function.*/, ''),
      Properties.Timeout,
    ]);
    expect(Object.fromEntries(timeouts)).toEqual({
      GroupdefaultRunner: 870,
      GroupdefaultDispatch: 900,
      Reaper: 60,
      Deadletter: 60,
      UpkeepExpiry: 120,
      UpkeepReconcile: 900,
      Webhook: 29,
      Api: 29,
      Frames: 29,
      Wait: 900,
      Stream: 120,
      Seed: 60,
    });
  });
});

describe('environments', () => {
  it.each([
    ['Webhook', Webhook],
    ['Wait', Wait],
    ['Api', Api],
    ['Stream', Stream],
    ['Frames', Frames],
    ['GroupdefaultDispatch', Dispatch],
    ['Reaper', Reaper],
    ['Deadletter', Deadletter],
    ['UpkeepExpiry', Expiry],
    ['UpkeepReconcile', Reconcile],
    ['Seed', Seed],
  ])('%s has exactly the variables its env.ts asks for, in a form it can read', (start, Env) => {
    const given = zipped.find(([id]) => id.replace(/(Platform)?Function.*/, '') === start)![1].Properties.Environment;
    const values = Object.fromEntries(Object.entries(given.Variables).map(([key, value]) => [key, cloud.text(value)]));
    expect(new Set(Object.keys(values))).toEqual(new Set(Object.keys(Env.shape)));
    expect(Env.safeParse(values).error).toBeUndefined();
  });

  it('give whoever answers HTTP the origin secret, and nobody else', () => {
    const holders = zipped
      .filter(([, { Properties }]) => 'ORIGIN_SECRETS' in Properties.Environment.Variables)
      .map(([id]) => id.replace(/(Platform)?Function.*/, ''));
    expect(holders).toEqual(['Webhook', 'Api', 'Frames', 'Wait', 'Stream']);
  });

  it('accept two origin secrets while one replaces the other, and send the newer', () => {
    const turning = new Synthesized({ originSecret: { generation: 2, acceptPrevious: true } });
    const accepted = turning.text(turning.fn('WebhookFunction').Properties.Environment.Variables.ORIGIN_SECRETS);
    expect(accepted).toMatch(
      /^\{\{resolve:secretsmanager:OriginSecret2\w+:SecretString:::\}\},\{\{resolve:secretsmanager:OriginSecret1/,
    );
    const [distribution] = [...turning.all('AWS::CloudFront::Distribution').values()];
    const sent = distribution!.Properties.DistributionConfig.Origins[1].OriginCustomHeaders[0].HeaderValue;
    expect(turning.text(sent)).toContain('OriginSecret2');
  });
});
