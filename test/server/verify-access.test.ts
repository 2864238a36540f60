/** Who may ask for verdicts, at every rpc and door of a real server: a table that new ones must be in. */

import { createPrivateKey } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Authorization,
  CheckRequestSchema,
} from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { ServerReflection } from '../../src/gen/grpc/reflection/v1/reflection_pb.ts';
import { DenialSchema, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { send } from '../gateways/request.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { askH2 } from '../transport/http/http2.ts';
import { type CallerHeaders, withHeaders } from '../transport/parity/doors.ts';
import { makeFiles } from '../transport/tls/files.ts';
import { makeCertificate } from '../transport/tls/make-certificate.ts';
import { openTunnel, type Tunnel } from '../transport/tls/tunnel.ts';
import { runServer, type TestServer } from './run-server.ts';

/** Asks about a token as a caller with these headers: "valid", or how it was turned away. */
type Ask = (server: TestServer, token: string, caller: CallerHeaders) => Promise<string>;

const gone = 'this gateway is not known to Usher';

/** The outcome of an rpc; an error must not look like a verdict on the token. */
async function outcome(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.findDetails(DenialSchema).length > 0) throw error;
    return Code[error.code];
  }
}

const wires: Record<string, (server: TestServer, caller: CallerHeaders) => Transport> = {
  gRPC: ({ grpc }, caller) =>
    createGrpcTransport({ baseUrl: `http://${grpc}`, interceptors: [withHeaders(caller)] }),
  'gRPC on the HTTP port': ({ http }, caller) =>
    createGrpcTransport({ baseUrl: `http://${http}`, interceptors: [withHeaders(caller)] }),
  Connect: ({ http }, caller) => connectTo(http, '1.1', caller),
  'Connect by HTTP/2': ({ http }, caller) => connectTo(http, '2', caller),
  'gRPC-Web': ({ http }, caller) =>
    createGrpcWebTransport({
      ...{ baseUrl: `http://${http}`, httpVersion: '1.1', interceptors: [withHeaders(caller)] },
    }),
};

function connectTo(http: string, httpVersion: '1.1' | '2', caller: CallerHeaders): Transport {
  const baseUrl = `http://${http}`;
  return createConnectTransport({ baseUrl, httpVersion, interceptors: [withHeaders(caller)] });
}

type Verifier = ReturnType<typeof createClient<typeof VerifierService>>;

const valid = (isValid: boolean | undefined) => (isValid ? 'valid' : 'invalid');

const rpcs: Record<string, (client: Verifier, token: string) => Promise<string>> = {
  Verify: async (client, header) => valid((await client.verify({ header })).valid),
  BatchVerify: async (client, header) =>
    valid((await client.batchVerify({ requests: [{ header }] })).responses[0]?.valid),
  async StreamVerify(client, header) {
    async function* messages() {
      yield { items: [{ id: 1n, request: { header } }] };
    }
    for await (const { items } of client.streamVerify(messages())) {
      return valid(items[0]?.outcome.case === 'response' && items[0].outcome.value.valid);
    }
    return 'no answer';
  },
  async WatchInvalidations(client) {
    for await (const { event } of client.watchInvalidations({})) {
      return valid(event.case === 'reset');
    }
    return 'no answer';
  },
};

/** gRPC-Web over HTTP/1.1 and Connect over it have no streams in both directions. */
const without = new Set(['Connect StreamVerify', 'gRPC-Web StreamVerify']);

const rpcAsks: [string, Ask][] = Object.entries(wires).flatMap(([wire, transportOf]) =>
  Object.entries(rpcs)
    .filter(([rpc]) => !without.has(`${wire} ${rpc}`))
    .map(([rpc, ask]): [string, Ask] => [
      `${rpc} over ${wire}`,
      (server, token, caller) =>
        outcome(ask(createClient(VerifierService, transportOf(server, caller)), token)),
    ]),
);

async function check({ grpc }: TestServer, token: string, caller: CallerHeaders): Promise<string> {
  const interceptors = [withHeaders(caller)];
  const transport = createGrpcTransport({ baseUrl: `http://${grpc}`, interceptors });
  // What the client of the gateway sent lets nobody in.
  const headers = { authorization: token, 'x-usher-caller': usherCaller };
  const request = create(CheckRequestSchema, { attributes: { request: { http: { headers } } } });
  const { status, httpResponse } = await createClient(Authorization, transport).check(request);
  if (httpResponse.case === 'okResponse') return status?.code === 0 ? 'valid' : 'odd';
  if (httpResponse.case !== 'deniedResponse' || status?.code === 0) return 'odd';
  return `${httpResponse.value.status?.code} ${httpResponse.value.body}`;
}

const overHttp = (path: string, isH2: boolean): Ask => {
  return async ({ http }, token, caller) => {
    const headers = [['authorization', token] as const, ...caller];
    const port = Number(http.split(':')[1]);
    const answer = isH2
      ? await askH2(port, path, { headers })
      : await send(port, { path, headers });
    if (answer.status === 200) return 'valid';
    if (Number(answer.headers['x-usher-status']) !== answer.status) return 'odd';
    return `${answer.status} ${answer.body}`;
  };
};

const doorAsks: [string, Ask][] = [
  ["Envoy's Check", check],
  ...[false, true].flatMap((isH2): [string, Ask][] =>
    ['/ext-authz/orders', '/forward-auth', '/forward-auth?flavour=nginx'].map(path => [
      `${path} by HTTP/${isH2 ? 2 : 1}`,
      overHttp(path, isH2),
    ]),
  ),
];

let usherCaller = '';

/** What needs no caller: it has an authentication of its own, or judges the caller's own token. */
const openRpcs = ['VerifierService.Hello', 'VerifierService.IssueJwt'];
const openServices = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];
const openPaths = [
  '/',
  '/healthz',
  '/leaks',
  '/leaks/github',
  '/metrics',
  '/oauth2/introspect',
  '/oauth2/revoke',
  '/openapi.yaml',
  '/readyz',
];

test.each(['h2', 'grpc-js'])('every rpc of the listeners of %s has a row', async engine => {
  const usher = await runServer({ USHER_GRPC_ENGINE: engine });
  try {
    const client = createClient(ServerReflection, wires.gRPC?.(usher, []) as Transport);
    async function* ask() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
    }
    const services: string[] = [];
    for await (const { messageResponse } of client.serverReflectionInfo(ask())) {
      if (messageResponse.case !== 'listServicesResponse') continue;
      services.push(...messageResponse.value.service.map(({ name }) => name));
    }
    const served = services.filter(name => !openServices.includes(name)).sort();
    expect(served).toEqual([Authorization.typeName, VerifierService.typeName]);
  } finally {
    await usher.stop();
  }
  const methods = [...VerifierService.methods, ...Authorization.methods].map(
    ({ parent, name }) => `${parent.name}.${name}`,
  );
  const rows = [...Object.keys(rpcs).map(name => `VerifierService.${name}`), 'Authorization.Check'];
  expect(methods.sort()).toEqual([...rows, ...openRpcs].sort());
});

test('every path of the transport has a row', () => {
  const sources = globSync('src/transport/**/*.ts').map(path => readFileSync(path, 'utf8'));
  const paths = sources.flatMap(text =>
    [...text.matchAll(/(?:\bpath: |oauthRoute\()'(\/[^']*)'/g)].map(([, path = '']) => path),
  );
  const rows = doorAsks.map(([name]) => /^\/[\w-]+/.exec(name)?.[0] ?? '').filter(Boolean);
  const known = new Set([...rows, ...openPaths]);
  expect(paths.length).toBeGreaterThan(openPaths.length);
  expect(paths.filter(path => !known.has(path.replace(/(?<=.)\/$/, '')))).toEqual([]);
});

describe.each(['h2', 'grpc-js'])('with USHER_VERIFY_ACCESS=token, on %s', engine => {
  let usher: TestServer;
  let good: string;
  let weak: string;
  const isServed = (name: string) => engine === 'h2' || !/HTTP\/2|HTTP port/.test(name);
  const asks = [...rpcAsks, ...doorAsks].filter(([name]) => isServed(name));
  const isDoor = (name: string) => doorAsks.some(([door]) => door === name);

  beforeAll(async () => {
    usher = await runServer({ USHER_GRPC_ENGINE: engine, USHER_VERIFY_ACCESS: 'token' });
    good = (await makeStatic(usher)).token;
    weak = (await makeStatic(usher, { scopes: ['usher.tokens.read'] })).token;
    usherCaller = (await makeStatic(usher, { scopes: ['usher.verify'] })).token;
  });
  afterAll(() => usher.stop());

  test.each(asks)('%s', async (name, ask) => {
    const as = (caller: string) => ask(usher, good, [['x-usher-caller', caller]]);
    const refused = (code: string) => (isDoor(name) ? `403 {"error":"${gone}"}` : code);
    const unknown = refused('Unauthenticated');
    expect(await ask(usher, good, [])).toBe(unknown);
    expect(await as(`${good}!`)).toBe(unknown);
    expect(await as(weak)).toBe(refused('PermissionDenied'));
    expect(await as(`Bearer ${usherCaller}, Bearer ${usherCaller}`)).toBe(unknown);
    expect(await as(usherCaller)).toBe('valid');
    expect(await as(`Bearer ${usherCaller}`)).toBe('valid');
    expect(await as(usher.adminToken)).toBe('valid');
    // The asked token is none of the caller's.
    expect(await ask(usher, usherCaller, [['authorization', usherCaller]])).toBe(unknown);
  });

  test('GET / and Hello judge the token of their own caller, whoever that is', async () => {
    const headers = { authorization: good };
    expect((await fetch(`http://${usher.http}/`, { headers })).status).toBe(200);
    const client = createClient(VerifierService, wires.gRPC?.(usher, []) as Transport);
    expect((await client.hello({}, { headers })).message).toBe('Oh, Hello');
  });
});

describe.each(['h2', 'grpc-js'])('with USHER_VERIFY_ACCESS=mtls, on %s', engine => {
  const files = makeFiles();
  const tunnels: Tunnel[] = [];
  let usher: TestServer;
  let good: string;
  const isServed = (name: string) => engine === 'h2' || !/HTTP\/2|HTTP port/.test(name);
  const asks = [...rpcAsks, ...doorAsks].filter(([name]) => isServed(name));
  const isDoor = (name: string) => doorAsks.some(([door]) => door === name);
  /** The server, as a caller with a certificate reaches it. */
  const as: Record<string, TestServer> = {};

  beforeAll(async () => {
    usher = await runServer({
      ...files.env,
      ...{ USHER_GRPC_ENGINE: engine, USHER_VERIFY_ACCESS: 'mtls' },
      USHER_TLS_CLIENT_SANS: 'gateway.example,*.shop.example,spiffe://td/ns/*=ann',
    });
    const reach = async (name: string, identity: { cert?: string; key?: string }) => {
      const { cert, key } = identity;
      const options = { ca: files.ca.cert, ...(cert && { cert }), ...(key && { key }) };
      const open = async (address: string) => {
        const tunnel = await openTunnel(address, options);
        tunnels.push(tunnel);
        return tunnel.address;
      };
      as[name] = { ...usher, grpc: await open(usher.grpc), http: await open(usher.http) };
    };
    const key = createPrivateKey(readFileSync(files.path('clientCa.key')));
    const client = (...names: string[]) =>
      makeCertificate({ name: 'Client CA', privateKey: key }, 'client', { names });
    await reach('gateway', files.client);
    await reach('wildcard', client('DNS:other.test', 'DNS:web.shop.example'));
    await reach('owned', client('URI:spiffe://td/ns/web'));
    await reach('other', client('DNS:a.web.shop.example', 'URI:spiffe://td/ns/web/x'));
    await reach('nameless', client());
    await reach('no certificate', {});
    const tunnel = await openTunnel(usher.manager, { ca: files.ca.cert });
    tunnels.push(tunnel);
    usher = { ...usher, manager: tunnel.address };
    good = (await makeStatic(usher)).token;
    usherCaller = (await makeStatic(usher, { scopes: ['usher.verify'] })).token;
  });
  afterAll(async () => {
    for (const tunnel of tunnels) tunnel.close();
    await usher.stop();
    files.remove();
  });

  test.each(asks)('%s', async (name, ask) => {
    const outcomeOf = (who: string, caller: CallerHeaders = []) =>
      ask(as[who] as TestServer, good, caller);
    const refused = (code: string) => (isDoor(name) ? `403 {"error":"${gone}"}` : code);
    expect(await outcomeOf('gateway')).toBe('valid');
    expect(await outcomeOf('gateway', [['x-usher-caller', 'guess']])).toBe('valid');
    expect(await outcomeOf('wildcard')).toBe('valid');
    expect(await outcomeOf('other')).toBe(refused('PermissionDenied'));
    for (const who of ['nameless', 'no certificate']) {
      expect(await outcomeOf(who)).toBe(refused('Unauthenticated'));
      const byToken = await outcomeOf(who, [['x-usher-caller', usherCaller]]);
      expect(byToken).toBe(refused('Unauthenticated'));
    }
    // The token has no owner; a watch begins for anyone that is let in.
    const owned = await outcomeOf('owned');
    if (name.startsWith('Watch')) expect(owned).toBe('valid');
    else expect(owned).toMatch(/^invalid$|^401 \{"error":"token is not valid"\}$/);
  });
});
