import { Agent, request } from 'node:http';
import type { Answer, Call } from '../services/service.ts';

/** Sends a call on to something else that speaks the same protocol. */
export type Forward = (call: Call, rawQuery: string) => Promise<Answer>;

/**
 * Forwards to `endpoint` (http only) as it came: the signature is passed on unchanged and therefore wrong for the new
 * host, which the emulators this is meant for (DynamoDB Local, AWS's own) do not check.
 */
const forwardTo = (endpoint: URL): Forward => {
  const agent = new Agent({ keepAlive: true });
  return (call, rawQuery) =>
    new Promise((resolve, reject) => {
      const { connection: _connection, 'transfer-encoding': _encoding, ...headers } = call.headers;
      const outgoing = request({
        agent,
        hostname: endpoint.hostname,
        port: endpoint.port === '' ? 80 : Number(endpoint.port),
        method: call.method,
        path: rawQuery === '' ? call.path : `${call.path}?${rawQuery}`,
        headers: { ...headers, host: endpoint.host, 'content-length': String(call.body.length) },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const answered: Record<string, string> = {};
        for (const [name, value] of Object.entries(incoming.headers)) {
          if (value !== undefined && name !== 'connection' && name !== 'transfer-encoding')
            answered[name] = String(value);
        }
        resolve({ status: incoming.statusCode ?? 502, headers: answered, body: incoming });
      });
      outgoing.end(call.body);
    });
};

/** `MILLRACE_<SERVICE>_ENDPOINT` of each service, as `MILLRACE_DYNAMODB_ENDPOINT=http://127.0.0.1:8000`. */
export const forwardsOf = (env: Record<string, string | undefined>): Record<string, Forward> => {
  const forwards: Record<string, Forward> = {};
  for (const [name, value] of Object.entries(env)) {
    const service = /^MILLRACE_([A-Z0-9]+)_ENDPOINT$/.exec(name)?.[1];
    if (service === undefined || !value) continue;
    const endpoint = URL.parse(value);
    if (endpoint?.protocol !== 'http:') throw new Error(`${name} must be an http:// URL, but is ${value}`);
    forwards[service.toLowerCase()] = forwardTo(endpoint);
  }
  return forwards;
};
