import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from '../services/aws-error.ts';

/** A request as it stood on the wire. `rawQuery` is without `?`; header names are lower-case. */
export type SignedRequest = {
  method: string;
  path: string;
  rawQuery: string;
  headers: Record<string, string>;
  body: Buffer;
};

/** What a signature says about itself, before anything is verified. */
export type Scope = {
  kind: 'header' | 'query';
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  /** `X-Amz-Date`, as 20261124T001500Z. */
  timestamp: string;
  /** Seconds a presigned URL is good for. */
  expiresSeconds?: number;
};

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

const incomplete = (message: string): AwsError => new AwsError('IncompleteSignature', 403, message);

const fields = (credential: string): Pick<Scope, 'accessKeyId' | 'date' | 'region' | 'service'> => {
  const [accessKeyId, date, region, service, terminator] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request') {
    throw incomplete('Credential must have 4 slashes and end with aws4_request');
  }
  return { accessKeyId, date, region, service };
};

const headerScope = (authorization: string, headers: Record<string, string>): Scope => {
  const found = /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  const [, credential, signedHeaders, signature] = found ?? [];
  const timestamp = headers['x-amz-date'];
  if (!credential || !signedHeaders || !signature || !timestamp)
    throw incomplete('Authorization header is not a complete SigV4 signature');
  return { kind: 'header', ...fields(credential), signedHeaders: signedHeaders.split(';'), signature, timestamp };
};

const queryScope = (query: URLSearchParams): Scope => {
  const read = (name: string): string => {
    const value = query.get(name);
    if (!value)
      throw new AwsError('AuthorizationQueryParametersError', 400, `Query-string authentication needs ${name}`);
    return value;
  };
  const expiresSeconds = Number(read('X-Amz-Expires'));
  if (read('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || !(expiresSeconds >= 1 && expiresSeconds <= 604_800)) {
    throw new AwsError('AuthorizationQueryParametersError', 400, 'X-Amz-Expires must be 1 to 604800 seconds');
  }
  return {
    kind: 'query',
    ...fields(read('X-Amz-Credential')),
    signedHeaders: read('X-Amz-SignedHeaders').split(';'),
    signature: read('X-Amz-Signature'),
    timestamp: read('X-Amz-Date'),
    expiresSeconds,
  };
};

/** Reads the signature of a request, or throws the refusal AWS gives to an unsigned one. */
export const readScope = (headers: Record<string, string>, query: URLSearchParams): Scope => {
  const authorization = headers.authorization;
  if (authorization !== undefined) return headerScope(authorization, headers);
  if (query.has('X-Amz-Signature')) return queryScope(query);
  throw new AwsError('MissingAuthenticationToken', 403, 'Missing Authentication Token');
};

const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const canonicalQuery = (rawQuery: string): string =>
  rawQuery
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return { name: rfc3986(decode(name)), value: rfc3986(decode(value)) };
    })
    .sort((left, right) => compare(left.name, right.name) || compare(left.value, right.value))
    .map((pair) => `${pair.name}=${pair.value}`)
    .join('&');

/** S3 signs the path as it stands; every other service signs it encoded once more. */
const canonicalPath = (service: string, path: string): string =>
  service === 's3' || path === '/' ? path : path.split('/').map(rfc3986).join('/');

/** S3 signs the hash its caller declares (or none); every other service hashes the body itself. */
const payloadHash = (scope: Scope, request: SignedRequest): string => {
  const declared = request.headers['x-amz-content-sha256'];
  if (scope.service !== 's3') return sha256(request.body);
  if (declared === undefined) return 'UNSIGNED-PAYLOAD';
  if (/^[0-9a-f]{64}$/.test(declared) && sha256(request.body) !== declared) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    throw new AwsError('XAmzContentSHA256Mismatch', 400, message);
  }
  return declared;
};

const signingKeys = new Map<string, Buffer>();

const signingKey = (secret: string, scope: Scope): Buffer => {
  const name = `${secret}/${scope.date}/${scope.region}/${scope.service}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const key = [scope.date, scope.region, scope.service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const made = Buffer.from(key);
  if (signingKeys.size > 1000) signingKeys.clear();
  signingKeys.set(name, made);
  return made;
};

const canonicalHeaders = (scope: Scope, headers: Record<string, string>): string =>
  scope.signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');

const millis = (timestamp: string): number =>
  Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const checkTime = (scope: Scope, now: number): void => {
  const signedAt = millis(scope.timestamp);
  if (!Number.isFinite(signedAt) || !scope.timestamp.startsWith(scope.date))
    throw incomplete('X-Amz-Date does not fit the credential scope');
  if (scope.expiresSeconds !== undefined && now > signedAt + scope.expiresSeconds * 1000) {
    throw new AwsError('AccessDenied', 403, 'Request has expired');
  }
  const skewed = signedAt > now + 900_000 || (scope.expiresSeconds === undefined && signedAt < now - 900_000);
  if (skewed)
    throw new AwsError(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    );
};

const mustBeSigned = (scope: Scope, headers: Record<string, string>): void => {
  const missing = (name: string): boolean => !scope.signedHeaders.includes(name);
  const amz = (name: string): boolean => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256';
  const unsigned = missing('host')
    ? 'host'
    : scope.service === 's3'
      ? Object.keys(headers).find((name) => amz(name) && missing(name))
      : undefined;
  if (unsigned !== undefined) {
    throw new AwsError(
      'AccessDenied',
      403,
      `There were headers present in the request which were not signed: ${unsigned}`,
    );
  }
};

/**
 * Verifies an AWS Signature Version 4, of a header or of a presigned URL, against the secret of its access key at `now`
 * (milliseconds). Throws AwsError 403 for a wrong, tampered, expired or skewed one. Signatures of single chunks of an
 * `aws-chunked` body are not checked; its seed signature is.
 */
export const verifySignature = (scope: Scope, request: SignedRequest, secret: string, now: number): void => {
  checkTime(scope, now);
  mustBeSigned(scope, request.headers);
  const canonical = [
    request.method,
    canonicalPath(scope.service, request.path),
    canonicalQuery(request.rawQuery),
    canonicalHeaders(scope, request.headers),
    scope.signedHeaders.join(';'),
    payloadHash(scope, request),
  ].join('\n');
  const toSign = `AWS4-HMAC-SHA256\n${scope.timestamp}\n${scope.date}/${scope.region}/${scope.service}/aws4_request\n${sha256(canonical)}`;
  const expected = hmac(signingKey(secret, scope), toSign);
  const given = Buffer.from(scope.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AwsError(
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  }
};
