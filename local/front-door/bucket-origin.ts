import { Readable } from 'node:stream';
import { AwsError } from '../services/aws-error.ts';
import type { Service } from '../services/service.ts';
import type { OriginHandler, OriginRequest, OriginResponse } from './origin-call.ts';

const PASSED_ON = ['range', 'if-none-match', 'if-modified-since', 'if-match'];

const notFound = (path: string): OriginResponse => ({
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from(`Not found: there is no page at ${path}. The API is at /api/.\n`),
});

/** A private S3 bucket whose objects are web pages. */
export const bucketOrigin = (
  bucket: string,
  config: { s3: Pick<Service, 'answer'>; originPath: string; rootObject: string | undefined },
): OriginHandler => {
  const objectPath = (path: string): string =>
    `/${bucket}${config.originPath}${path === '/' && config.rootObject !== undefined ? `/${config.rootObject}` : path}`;

  const get = async (request: OriginRequest): Promise<OriginResponse> => {
    const headers = Object.fromEntries(
      PASSED_ON.flatMap((name) => {
        const value = request.headers[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const {
      status,
      headers: answered,
      body,
    } = await config.s3.answer({
      service: 's3',
      method: request.method,
      path: objectPath(request.path),
      query: new URLSearchParams(),
      headers,
      body: Buffer.alloc(0),
    });
    return { status, headers: answered, body: body instanceof Readable ? body : Buffer.from(body) };
  };

  const methodNotAllowed = (): OriginResponse => ({
    status: 405,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from('Method not allowed: pages are only read\n'),
  });

  return {
    maxBodyBytes: 0,
    tooLarge: methodNotAllowed,
    answer: async (request) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed();
      try {
        return await get(request);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (error.status === 304) return { status: 304, headers: {}, body: Buffer.alloc(0) };
        return error.status === 404 || error.status === 403
          ? notFound(decodeURI(request.path))
          : { status: error.status, headers: {}, body: Buffer.from(error.message) };
      }
    },
  };
};
