import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AwsError, errorAnswer } from '../../local/services/aws-error.ts';
import type { Call, Service } from '../../local/services/service.ts';

const readCall = async (service: string, request: IncomingMessage): Promise<Call> => {
  const [path = '/', query] = (request.url ?? '/').split(/\?(.*)/s);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return {
    service,
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(headers),
    body: await buffer(request),
  };
};

const respond = async (service: Service, call: Call, response: ServerResponse): Promise<void> => {
  const answer = await service.answer(call).catch((error: unknown) => {
    if (error instanceof AwsError) return errorAnswer(call, error);
    return errorAnswer(
      call,
      new AwsError('InternalFailure', 500, error instanceof Error ? (error.stack ?? '') : String(error)),
    );
  });
  response.writeHead(answer.status, answer.headers);
  if (answer.body instanceof Readable) answer.body.pipe(response);
  else response.end(answer.body);
};

/** A service of the local cloud behind a real HTTP server on a free port of 127.0.0.1, without signatures and IAM. */
export const serveService = async (name: string, service: Service) => {
  const server = createServer((request, response) => {
    void readCall(name, request).then((call) => respond(service, call, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** What an SDK client needs to talk to it. */
    client: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      maxAttempts: 1,
    },
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
    },
  };
};
