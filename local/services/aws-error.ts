import type { Answer, Call } from './service.ts';

/** A refusal in AWS's own words. `queryCode` is the older name SQS also sends (`x-amzn-query-error`). */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly queryCode: string | undefined;

  constructor(code: string, status: number, message: string, queryCode?: string) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.queryCode = queryCode;
  }
}

/** 501: an operation of AWS that the local cloud does not have. */
export const notBuilt = (service: string, operation: string): AwsError =>
  new AwsError('NotImplemented', 501, `${service} ${operation} is not built in the local cloud`);

export const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`).replaceAll('\r', '&#13;');

const json = (version: '1.0' | '1.1', error: AwsError, type: string): Answer => ({
  status: error.status,
  headers: {
    'content-type': `application/x-amz-json-${version}`,
    ...(error.queryCode === undefined ? {} : { 'x-amzn-query-error': `${error.queryCode};Sender` }),
  },
  body: JSON.stringify({ __type: type, message: error.message }),
});

const restJson = (error: AwsError): Answer => ({
  status: error.status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
  body: JSON.stringify({ Message: error.message, Code: error.code }),
});

const xml = (error: AwsError, call: Pick<Call, 'method' | 'path'>): Answer => {
  if (call.method === 'HEAD' || error.status === 304) return { status: error.status, headers: {}, body: '' };
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message><Resource>${escapeXml(call.path)}</Resource></Error>`;
  return { status: error.status, headers: { 'content-type': 'application/xml' }, body };
};

/** The error as the protocol of `call.service` writes it: JSON 1.0 or 1.1, rest-json, or XML for S3. */
export const errorAnswer = (call: Pick<Call, 'service' | 'method' | 'path'>, error: AwsError): Answer => {
  switch (call.service) {
    case 's3':
      return xml(error, call);
    case 'sqs':
      return json('1.0', error, `com.amazonaws.sqs#${error.code}`);
    case 'dynamodb':
      return json('1.0', error, `com.amazonaws.dynamodb.v20120810#${error.code}`);
    case 'secretsmanager':
    case 'kms':
    case 'ecs':
      return json('1.1', error, error.code);
    default:
      return restJson(error);
  }
};
