/**
 * Services that use the SDK on Express, Fastify, grpc-js and ConnectRPC, each with a hello route, and show Usher
 * who asks.
 */

import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUsher, type Usher } from '../../../src/client/node.ts';
import { Kind } from '../../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { adminOf } from '../../server/api.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';
import { connectService } from './services/connect.ts';
import { expressService } from './services/express.ts';
import { fastifyService } from './services/fastify.ts';
import { grpcService, shop } from './services/grpc.ts';

let server: TestServer;
let usher: Usher;
/** A client without a server, so that each call ends as unavailable. */
let lost: Usher;
/** A client that Usher does not know. */
let stranger: Usher;
let token: string;
let reader: string;

beforeAll(async () => {
  server = await runServer({ USHER_VERIFY_ACCESS: 'token' });
  lost = createUsher({ addresses: ['127.0.0.1:1'], deadlineMs: 20 });
  const admin = adminOf(server);
  const own = { kind: Kind.STATIC, name: 'service', scopes: ['usher.verify'] };
  const { token: callerToken } = await admin.create(own);
  usher = createUsher({ addresses: [server.grpc], callerToken });
  stranger = createUsher({ addresses: [server.grpc], callerToken: 'wrong' });
  const owned = { kind: Kind.STATIC, owner: 'shop' };
  token = (await admin.create({ ...owned, name: 'a' })).token;
  reader = (await admin.create({ ...owned, name: 'b', scopes: ['orders.read'] })).token;
});
afterAll(async () => {
  usher.close();
  lost.close();
  stranger.close();
  await server.stop();
});

interface Answer {
  status: number;
  body: unknown;
  challenge: string | undefined;
}

/** A GET by node:http, which can send a header several times. */
function get(url: string, authorization: string | string[] = []): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = [authorization].flat().flatMap(value => ['Authorization', value]);
    // Node adds no header of its own to a list of headers.
    const headers = ['Host', new URL(url).host, ...sent];
    const asked = request(url, { headers, agent: false }, response => {
      const challenge = response.headers['www-authenticate'];
      const status = response.statusCode ?? 0;
      json(response).then(body => resolve({ status, body, challenge }), reject);
    });
    asked.on('error', reject).end();
  });
}

async function listening(http: Server): Promise<string> {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const expressOn = async (client: Usher) => {
  const http = createServer(expressService(client));
  return { url: await listening(http), stop: () => http.close() };
};
const fastifyOn = async (client: Usher) => {
  const app = fastifyService(client);
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() };
};

describe.each([
  ['Express', expressOn],
  ['Fastify', fastifyOn],
])('a service on %s', (_, start) => {
  let service: { url: string; stop(): unknown };
  beforeAll(async () => {
    service = await start(usher);
  });
  afterAll(() => service.stop());

  test('says hello', async () => {
    const { status, body } = await get(service.url, token);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toMatch(
      /^\{"message":"Oh, Hello","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}$/,
    );
  });

  test('answers a refused hello as Usher does', async () => {
    for (const header of [[], 'garbage', 'Basic x', [token, token]]) {
      const ushers = await get(`http://${server.http}/`, header);
      expect(ushers.status).toBe(401);
      expect(await get(service.url, header)).toEqual(ushers);
    }
  });

  test('identifies the caller', async () => {
    expect(await get(`${service.url}/whoami`, `Bearer ${token}`)).toMatchObject({
      status: 200,
      body: { owner: 'shop' },
    });
  });

  test('requires scopes', async () => {
    expect(await get(`${service.url}/orders`, reader)).toMatchObject({ status: 200, body: [] });
    expect(await get(`${service.url}/orders`, token)).toEqual({
      status: 403,
      body: { error: 'token lacks a required scope' },
      challenge:
        'Bearer realm="usher", error="insufficient_scope", error_description="token lacks a required scope"',
    });
  });

  test('answers 503 when there is no verdict, also where Usher does not know it', async () => {
    for (const client of [lost, stranger]) {
      const without = await start(client);
      for (const path of ['/', '/whoami']) {
        expect(await get(without.url + path, token)).toMatchObject({
          status: 503,
          body: { error: 'the token cannot be verified now; try again' },
        });
      }
      await without.stop();
    }
  });
});

describe('a service on grpc-js', () => {
  const ended: (() => void)[] = [];
  afterAll(() => {
    for (const end of ended) end();
  });

  async function start(client: Usher, scopes: string[] = []) {
    const service = grpcService(client, { scopes });
    const port = await new Promise<number>((resolve, reject) => {
      service.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const caller = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    ended.push(() => {
      caller.close();
      service.forceShutdown();
    });
    return (
      { path, requestSerialize, responseDeserialize }: typeof shop.hello,
      header?: string,
    ) => {
      const metadata = new grpc.Metadata();
      if (header !== undefined) metadata.set('authorization', header);
      return new Promise<unknown>((resolve, reject) => {
        caller.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          {},
          metadata,
          (error, value) => (error ? reject(error) : resolve(value)),
        );
      });
    };
  }

  test('says hello, and identifies the caller', async () => {
    const call = await start(usher);
    expect(await call(shop.hello, token)).toMatchObject({ message: 'Oh, Hello' });
    expect(await call(shop.whoAmI, `Bearer ${token}`)).toEqual({ owner: 'shop' });
  });

  test('refuses with the status and the text of the verdict', async () => {
    const call = await start(usher, ['orders.read']);
    const { UNAUTHENTICATED, PERMISSION_DENIED } = grpc.status;
    const refused = (code: grpc.status, details: string) => ({ code, details });
    await expect(call(shop.hello)).rejects.toMatchObject(
      refused(UNAUTHENTICATED, 'authorization header is missing'),
    );
    await expect(call(shop.hello, 'garbage')).rejects.toMatchObject(
      refused(UNAUTHENTICATED, 'token is not valid'),
    );
    await expect(call(shop.hello, token)).rejects.toMatchObject(
      refused(PERMISSION_DENIED, 'token lacks a required scope'),
    );
    expect(await call(shop.hello, reader)).toMatchObject({ message: 'Oh, Hello' });
  });

  test('answers UNAVAILABLE when there is no verdict', async () => {
    const call = await start(lost);
    await expect(call(shop.hello, token)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  });
});

describe('a service on ConnectRPC', () => {
  const ended: Server[] = [];
  afterAll(() => {
    for (const http of ended) http.close();
  });
  async function start(client: Usher, scopes: string[] = []) {
    const http = connectService(client, { scopes });
    ended.push(http);
    const url = await listening(http);
    const transport: Transport = createConnectTransport({ baseUrl: url });
    return { url, client: createClient(VerifierService, transport) };
  }
  const as = (authorization: string) => ({ headers: { authorization } });

  test('says hello over HTTP and as an rpc, and identifies the caller', async () => {
    const { url, client } = await start(usher);
    expect(await get(url, token)).toMatchObject({ status: 200, body: { message: 'Oh, Hello' } });
    expect(await client.hello({}, as(token))).toMatchObject({ message: 'Oh, Hello' });
    expect(await client.verify({}, as(`Bearer ${token}`))).toMatchObject({ owner: 'shop' });
  });

  test('refuses with the code and the text of the verdict', async () => {
    const { client } = await start(usher, ['orders.read']);
    await expect(client.hello({})).rejects.toThrow(
      '[unauthenticated] authorization header is missing',
    );
    await expect(client.hello({}, as(token))).rejects.toThrow(
      '[permission_denied] token lacks a required scope',
    );
    expect(await client.hello({}, as(reader))).toMatchObject({ message: 'Oh, Hello' });
  });

  test('answers unavailable when there is no verdict', async () => {
    const { client } = await start(lost);
    await expect(client.hello({}, as(token))).rejects.toThrow('[unavailable]');
  });
});
