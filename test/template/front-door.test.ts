import { describe, expect, it } from 'vitest';
import { type Cfn, Synthesized } from './synthesized.ts';

const cloud = new Synthesized();
const [distribution] = [...cloud.all('AWS::CloudFront::Distribution').values()];
const config = distribution!.Properties.DistributionConfig;
const originOf = (behaviour: Cfn): Cfn => config.Origins.find((origin: Cfn) => origin.Id === behaviour.TargetOriginId);
const nameOf = (behaviour: Cfn): string => {
  const text = cloud.text(originOf(behaviour).DomainName);
  return text.includes('execute-api')
    ? 'http'
    : text.includes('WaitPlatform')
      ? 'wait'
      : text.includes('StreamPlatform')
        ? 'stream'
        : 'pages';
};

describe('the distribution', () => {
  it('asks its behaviours in this order, the HTTP API last', () => {
    expect(config.CacheBehaviors.map((behaviour: Cfn) => [behaviour.PathPattern, nameOf(behaviour)])).toEqual([
      ['/api/w/*/jobs/run_wait_result/*', 'wait'],
      ['/api/w/*/jobs/run_and_stream/*', 'wait'],
      ['/api/w/*/jobs/run/dependencies', 'wait'],
      ['/api/w/*/jobs_u/getupdate_sse/*', 'stream'],
      ['/api/w/*/jobs_u/get_logs/*', 'stream'],
      ['/api/w/*/jobs_u/completed/get_result*', 'stream'],
      ['/api/w/*/jobs_u/get_args/*', 'stream'],
      ['/api/w/*/jobs/completed/export', 'stream'],
      ['/api/w/*/jobs/queue/export', 'stream'],
      ['/api/w/*/workspaces/tarball*', 'stream'],
      ['/api/*', 'http'],
    ]);
    expect(nameOf(config.DefaultCacheBehavior)).toBe('pages');
  });

  it.each<Cfn>(config.CacheBehaviors)(
    '$PathPattern is never cached, takes every method, forwards all but Host, refuses plain HTTP',
    (behaviour) => {
      expect(behaviour).toMatchObject({
        CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
        OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
        ViewerProtocolPolicy: 'https-only',
      });
      expect(behaviour.AllowedMethods).toHaveLength(7);
    },
  );

  it('keeps no error, which would be one caller’s answer given to another', () => {
    expect(config.CustomErrorResponses.map((each: Cfn) => each.ErrorCode)).toEqual(
      expect.arrayContaining([403, 404, 500]),
    );
    for (const each of config.CustomErrorResponses) expect(each).toMatchObject({ ErrorCachingMinTTL: 0 });
  });

  it.each<Cfn>(config.CacheBehaviors)(
    '$PathPattern proves itself to its origin by a secret that is in no template',
    (behaviour) => {
      const [header] = originOf(behaviour).OriginCustomHeaders;
      expect(header.HeaderName).toBe('x-millrace-origin');
      expect(cloud.text(header.HeaderValue)).toMatch(
        /^\{\{resolve:secretsmanager:OriginSecret1\w+:SecretString:::\}\}$/,
      );
      expect(originOf(behaviour).CustomOriginConfig).toMatchObject({
        OriginReadTimeout: 60,
        OriginProtocolPolicy: 'https-only',
      });
    },
  );

  it('alone may read the pages', () => {
    const [, policy] = [...cloud.all('AWS::S3::BucketPolicy')].find(([id]) => id.startsWith('Pages'))!;
    const allowed = policy.Properties.PolicyDocument.Statement.filter((statement: Cfn) => statement.Effect === 'Allow');
    expect(allowed).toHaveLength(1);
    expect(allowed[0]).toMatchObject({ Action: 's3:GetObject', Principal: { Service: 'cloudfront.amazonaws.com' } });
    expect(JSON.stringify(allowed[0].Condition)).toContain('AWS:SourceArn');
  });

  it('asks for TLS 1.2 under a name of its own', () => {
    const arn = 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000';
    const named = new Synthesized({ domain: { name: 'jobs.example.com', certificateArn: arn } });
    const [own] = [...named.all('AWS::CloudFront::Distribution').values()];
    expect(own!.Properties.DistributionConfig).toMatchObject({
      Aliases: ['jobs.example.com'],
      ViewerCertificate: { MinimumProtocolVersion: expect.stringMatching(/^TLSv1\.2/) },
    });
    expect(named.text(named.one('Custom::MillraceSeed', '').Properties.BaseUrl)).toContain('https://jobs.example.com');
  });
});

describe('function URLs', () => {
  const urls = [...cloud.all('AWS::Lambda::Url').values()];

  it('stream, and are only wait and stream', () => {
    expect(urls.map(({ Properties }) => cloud.text(Properties.TargetFunctionArn).replace(/Function.*/, ''))).toEqual([
      'WaitPlatform',
      'StreamPlatform',
    ]);
    for (const { Properties } of urls)
      expect(Properties).toMatchObject({ AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' });
  });

  it('have both permissions that AWS asks of an open URL, and neither lets anyone invoke without the URL', () => {
    const open = [...cloud.all('AWS::Lambda::Permission').values()].filter(
      ({ Properties }) => Properties.Principal === '*',
    );
    expect(open.map(({ Properties }) => Properties.Action).sort((one, other) => one.localeCompare(other))).toEqual([
      'lambda:InvokeFunction',
      'lambda:InvokeFunction',
      'lambda:InvokeFunctionUrl',
      'lambda:InvokeFunctionUrl',
    ]);
    for (const { Properties } of open) {
      expect(Properties.FunctionUrlAuthType === 'NONE' || Properties.InvokedViaFunctionUrl === true).toBe(true);
    }
  });
});

describe('the HTTP API', () => {
  it('sends run requests to webhook, frames to frames, everything else to api', () => {
    const routes = [...cloud.all('AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => [
      Properties.RouteKey,
      cloud.text(Properties.Target).replace(/.*To\w*?(Webhook|Frames|Api)Function.*/, '$1'),
    ]);
    expect(routes).toEqual([
      ['ANY /api/w/{ws}/jobs/run/{proxy+}', 'Webhook'],
      ['ANY /api/frames/{proxy+}', 'Frames'],
      ['ANY /api/{proxy+}', 'Api'],
    ]);
  });

  it('lets pages of any origin call, without cookies', () => {
    const [api] = [...cloud.all('AWS::ApiGatewayV2::Api').values()];
    expect(api!.Properties.CorsConfiguration.AllowOrigins).toEqual(['*']);
    expect(api!.Properties.CorsConfiguration.AllowCredentials).toBeUndefined();
  });

  it('logs neither query nor headers, which may carry a token', () => {
    const [stage] = [...cloud.all('AWS::ApiGatewayV2::Stage').values()];
    expect(stage!.Properties.AccessLogSettings.Format).not.toMatch(/query|header|authorizer|sourceIp|\$context\.path/i);
  });
});

describe('the first entries of the catalog', () => {
  it('name the address of the distribution unless another is given', () => {
    const seed = cloud.one('Custom::MillraceSeed', 'FirstEntries');
    expect(JSON.stringify(seed.Properties.BaseUrl)).toMatch(/Fn::If.*BaseUrlGiven.*https:\/\/.*DomainName/);
  });
});
