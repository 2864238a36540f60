/** Each middleware tells Usher where the token was used, and answers a token over its limit. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport } from '@connectrpc/connect-node';
import * as grpc from '@grpc/grpc-js';
import express from 'express';
import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  connectAuth,
  expressAuth,
  fastifyAuth,
  grpcAuth,
  hello,
  type Usher,
  type Verdict,
} from '../../../src/client/node.ts';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { shop } from './services/grpc.ts';

const over: Verdict = {
  ...{ valid: false, reason: 'RATE_LIMITED', message: 'token is over its limit' },
  ...{ httpStatus: 429, retryAfterMs: 1200, stale: false },
};
let sources: (string | undefined)[] = [];
/** Refuses each header, and notes the source. */
const usher = {
  async verify(_header, options) {
    sources.push(options?.source);
    return over;
  },
} as Usher;

let ends: (() => unknown)[] = [];
beforeEach(() => {
  sources = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

async function listening(http: Server): Promise<string> {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  ends.push(() => http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const forwarded = { 'X-Forwarded-For': '198.51.100.9, 192.0.2.7' };

describe('Express', () => {
  const start = (trustsProxy: boolean, auth = expressAuth(usher)) => {
    const app = express();
    if (trustsProxy) app.set('trust proxy', 'loopback');
    app.get('/hello', hello(usher));
    app.use(auth);
    return listening(createServer(app));
  };

  test('answers 429 with Retry-After', async () => {
    const url = await start(false);
    for (const path of ['/hello', '/other']) {
      const answer = await fetch(url + path);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(await answer.json()).toEqual({ error: 'token is over its limit' });
    }
  });
  test('believes X-Forwarded-For only as Express is told to', async () => {
    await fetch(await start(false), { headers: forwarded });
    const trusting = await start(true);
    await fetch(trusting, { headers: forwarded });
    await fetch(`${trusting}/hello`, { headers: forwarded });
    expect(sources).toEqual(['127.0.0.1', '192.0.2.7', '192.0.2.7']);
  });
  test('an option finds another address, or none', async () => {
    const source = (req: express.Request) => req.get('x-client');
    const url = await start(false, expressAuth(usher, {}, { source }));
    await fetch(url, { headers: { 'X-Client': '2001:db8::7' } });
    await fetch(url);
    expect(sources).toEqual(['2001:db8::7', undefined]);
  });
});

test('node:http alone: the address of the connection', async () => {
  await fetch(await listening(createServer(hello(usher))));
  expect(sources).toEqual(['127.0.0.1']);
});

test.each([
  [false, '127.0.0.1'],
  [true, '192.0.2.7'],
])('Fastify, trustProxy %s: the source is %s', async (trustProxy, source) => {
  const app = fastify(trustProxy ? { trustProxy: '127.0.0.1' } : {});
  app.addHook('onRequest', fastifyAuth(usher));
  app.get('/', async () => 'good');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => app.close());
  const answer = await fetch(url, { headers: forwarded });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
  expect(sources).toEqual([source]);
});

test('ConnectRPC: the option alone finds it; the refusal is ResourceExhausted with Retry-After', async () => {
  const source = (request: { header: Headers }) => request.header.get('x-client') ?? undefined;
  const http = createServer(
    connectNodeAdapter({
      interceptors: [connectAuth(usher, {}, { source })],
      routes: ({ service }) => service(VerifierService, { hello: () => ({}) }),
    }),
  );
  const transport = createConnectTransport({ baseUrl: await listening(http), httpVersion: '1.1' });
  const client = createClient(VerifierService, transport);
  const error = await client.hello({}, { headers: { 'X-Client': '192.0.2.7' } }).catch(e => e);
  expect(ConnectError.from(error)).toMatchObject({ code: Code.ResourceExhausted });
  expect(ConnectError.from(error).metadata.get('retry-after')).toBe('2');
  expect(sources).toEqual(['192.0.2.7']);
});

describe('grpc-js', () => {
  const call = async (host: string, interceptor: grpc.ServerInterceptor) => {
    const server = new grpc.Server({ interceptors: [interceptor] });
    server.addService(shop, { hello: () => undefined, whoAmI: () => undefined });
    const bound = `${host}:0`;
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(bound, grpc.ServerCredentials.createInsecure(), (error, at) =>
        error ? reject(error) : resolve(at),
      ),
    );
    const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
    ends.push(
      () => client.close(),
      () => server.forceShutdown(),
    );
    const { path, requestSerialize, responseDeserialize } = shop.hello;
    return await new Promise<grpc.ServiceError | null>(resolve => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, resolve);
    });
  };

  test.each(['127.0.0.1', '[::1]'])('the address of the connection: %s', async host => {
    const error = await call(host, grpcAuth(grpc, usher));
    expect(error).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    expect(error?.details).toBe('token is over its limit');
    expect(sources).toEqual([host.replace(/[[\]]/g, '')]);
  });
  test('an option finds another', async () => {
    await call('127.0.0.1', grpcAuth(grpc, usher, {}, { source: () => '192.0.2.7' }));
    expect(sources).toEqual(['192.0.2.7']);
  });
});
