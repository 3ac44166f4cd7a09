import { Duration } from 'aws-cdk-lib';
import { FunctionUrlAuthType, HttpMethod, type IFunctionUrl, InvokeMode } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { PlatformFunction, type PlatformFunctionProps } from './platform-function.ts';

/** Any page may call the run routes: they answer only to a token, and cookies are never allowed along. */
export const CORS_HEADERS = ['authorization', 'content-type', 'idempotency-key'];

/**
 * A function that streams its answers from a URL of its own. The URL is open to the internet and the function must
 * refuse whoever does not know the origin secret; the environment therefore has to hold it.
 */
export class StreamingFunction<Env extends Record<string, string> & { ORIGIN_SECRETS: string }> extends Construct {
  readonly fn: PlatformFunction<Env>['fn'];
  readonly url: IFunctionUrl;

  constructor(scope: Construct, id: string, props: PlatformFunctionProps<Env> & { openToPages?: boolean }) {
    super(scope, id);
    this.fn = new PlatformFunction(this, 'Platform', props).fn;
    this.url = this.fn.addFunctionUrl({
      authType: FunctionUrlAuthType.NONE,
      invokeMode: InvokeMode.RESPONSE_STREAM,
      ...(props.openToPages === true
        ? {
            cors: {
              allowedOrigins: ['*'],
              allowedMethods: [HttpMethod.GET, HttpMethod.POST],
              allowedHeaders: CORS_HEADERS,
              maxAge: Duration.hours(1),
            },
          }
        : {}),
    });
  }
}
