import { Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  type IOrigin,
  OriginRequestPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin, HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';

export type FrontDoorProps = {
  wait: IFunctionUrl;
  stream: IFunctionUrl;
  httpApiDomain: string;
  pages: Bucket;
  originSecret: Secret;
  config: Pick<Config, 'domain' | 'webAclArn'>;
};

/** The header by which an origin knows the front door. */
const ORIGIN_HEADER = 'x-millrace-origin';

/** CloudFront waits this long for a first byte, and between bytes. */
const ORIGIN_READ_TIMEOUT = Duration.seconds(60);

/**
 * The errors CloudFront would keep for 10 s whatever the cache policy says, and hand to whoever asks for the same path:
 * a job's 404 a moment before it exists, one caller's 403 to another.
 */
const ERRORS_CLOUDFRONT_KEEPS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** Never cached, every method, all that the viewer sent except `Host`. Plain HTTP is refused, not redirected: a token went over it. */
const toApi = (origin: IOrigin): BehaviorOptions => ({
  origin,
  allowedMethods: AllowedMethods.ALLOW_ALL,
  cachePolicy: CachePolicy.CACHING_DISABLED,
  originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
  compress: false,
});

/** The one public address. The first pattern that fits a path decides who answers it. */
export class FrontDoor extends Construct {
  readonly distribution: Distribution;

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id);
    const behind = {
      customHeaders: { [ORIGIN_HEADER]: props.originSecret.secretValue.unsafeUnwrap() },
      readTimeout: ORIGIN_READ_TIMEOUT,
    };
    const wait = toApi(new FunctionUrlOrigin(props.wait, behind));
    const stream = toApi(new FunctionUrlOrigin(props.stream, behind));
    const { domain, webAclArn } = props.config;
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Millrace',
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultRootObject: 'index.html',
      errorResponses: ERRORS_CLOUDFRONT_KEEPS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      defaultBehavior: {
        // @ts-expect-error: aws-cdk-lib is not compiled with exactOptionalPropertyTypes, so its Bucket is no IBucket here
        origin: S3BucketOrigin.withOriginAccessControl(props.pages),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      },
      additionalBehaviors: {
        '/api/w/*/jobs/run_wait_result/*': wait,
        '/api/w/*/jobs/run_and_stream/*': wait,
        '/api/w/*/jobs/run/dependencies': wait,
        '/api/w/*/jobs_u/getupdate_sse/*': stream,
        '/api/w/*/jobs_u/get_logs/*': stream,
        '/api/w/*/jobs_u/completed/get_result*': stream,
        '/api/w/*/jobs_u/get_args/*': stream,
        '/api/w/*/jobs/completed/export': stream,
        '/api/w/*/jobs/queue/export': stream,
        '/api/w/*/workspaces/tarball*': stream,
        '/api/*': toApi(new HttpOrigin(props.httpApiDomain, behind)),
      },
      ...(webAclArn === undefined ? {} : { webAclId: webAclArn }),
      ...(domain === undefined
        ? {}
        : {
            domainNames: [domain.name],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
          }),
    });
  }
}
