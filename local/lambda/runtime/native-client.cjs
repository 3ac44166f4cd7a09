'use strict';
/**
 * Stands in for the compiled half of aws-lambda-ric (which needs a C++ build): the four calls of its native client over
 * node:http. Loaded with --require before the runtime client. Plain JavaScript, because stripping types costs cold start.
 *
 * The process ends when its stdin does: that pipe is held by the local cloud alone, so a function never outlives it,
 * however the local cloud died.
 */
const http = require('node:http');
const { Module } = require('node:module');

// biome-ignore lint/style/noProcessEnv: this is the runtime of a function; its environment is its input
const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
// biome-ignore lint/style/noProcessEnv: as above
const key = process.env.LAMBDA_RUNTIME_KEY;
// A child of the function must not inherit what is meant for the runtime alone.
// biome-ignore lint/style/noProcessEnv: as above
delete process.env.NODE_COMPILE_CACHE;
// biome-ignore lint/style/noProcessEnv: as above
delete process.env.LAMBDA_RUNTIME_KEY;

// The runtime client makes calls of its own for streams: all of them carry the key of this environment.
const plainRequest = http.request;
http.request = function requestWithKey(options, ...rest) {
  if (
    options.hostname !== hostname ||
    String(options.port) !== port ||
    !options.path?.startsWith('/2018-06-01/runtime/')
  )
    return plainRequest.call(this, options, ...rest);
  return plainRequest.call(this, { ...options, headers: { ...options.headers, 'lambda-runtime-key': key } }, ...rest);
};

/*
 * A function's time is the local cloud's, which tests may set ahead of the machine's. `Date.now` is replaced before the
 * function's code may keep it; `Date` itself only once it is needed, as that costs at every `new Date()`.
 */
const machineNow = Date.now;
let aheadMs = 0;
Date.now = () => machineNow() + aheadMs;
const AheadDate = new Proxy(Date, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, made),
  apply: () => new Date().toString(),
});
const setClock = (ms) => {
  aheadMs = Number(ms ?? 0);
  if (aheadMs !== 0) globalThis.Date = AheadDate;
};
// biome-ignore lint/style/noProcessEnv: as above
setClock(process.env.MILLRACE_AHEAD_MS);
// biome-ignore lint/style/noProcessEnv: as above
delete process.env.MILLRACE_AHEAD_MS;

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

process.stdin.on('error', () => process.exit(1));
process.stdin.on('close', () => process.exit(1));
process.stdin.resume();
process.stdin.unref();

const call = (method, path, body, headers) =>
  new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path, headers, agent }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
    });
    request.on('error', reject);
    request.end(body);
  });

const root = '/2018-06-01/runtime/invocation/';
let posted = Promise.resolve();

const post = (path, body, headers) => {
  const bytes = Buffer.from(body);
  posted = call('POST', path, bytes, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  // A failed post is told by the next call for work, which then ends the process.
  posted.catch(() => {});
};

const errorType = (body) => {
  const type = JSON.parse(body).errorType;
  return typeof type === 'string' && /^[\x20-\x7e]*$/.test(type) ? type : 'Error';
};

const nativeClient = {
  initializeClient() {},
  async next() {
    await posted;
    const { headers, body } = await call('GET', `${root}next`);
    setClock(headers['lambda-runtime-millrace-ahead-ms']);
    return { bodyJson: body.toString('utf8'), headers };
  },
  done(id, body) {
    post(`${root}${id}/response`, body, {});
  },
  error(id, body) {
    post(`${root}${id}/error`, body, { 'lambda-runtime-function-error-type': errorType(body) });
  },
};

const load = Module._load;
Module._load = function loadOrStandIn(request, ...rest) {
  return request === './rapid-client.node' ? nativeClient : load.call(this, request, ...rest);
};
