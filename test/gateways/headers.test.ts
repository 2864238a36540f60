/** Clients that send 30 KB of headers, such as many cookies, through gateways with printed configurations. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import { refusalBody } from './cases.ts';
import { type Gateway, gatewayNames, startGateway } from './gateway.ts';
import { type Recorder, record } from './recorder.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let token: { id: string; token: string };

beforeAll(async () => {
  [usher, upstream] = await Promise.all([runServer(), startUpstream()]);
  token = await makeStatic(usher);
});
afterAll(() => Promise.all([usher.stop(), upstream.stop()]));

const marker = 'only-the-upstream-needs-this';
/** 30 headers of 1 KB, and the headers of the other gateways' way to ask. */
const many: (readonly [string, string])[] = [
  ...Array.from({ length: 30 }, (_, at) => [`X-Client-${at}`, marker.padEnd(1000, '.')] as const),
  ['Cookie', `session=${marker}`],
  ['User-Agent', marker],
  ['Referer', `https://app.example/${marker}`],
];

describe.each(gatewayNames)('%s', name => {
  let gateway: Gateway;
  let grpc: Recorder;
  let http: Recorder;

  beforeAll(async () => {
    [grpc, http] = await Promise.all([record(usher.grpc), record(usher.http)]);
    const addresses = { grpc: grpc.address, http: http.address, upstream: upstream.address };
    gateway = await startGateway(name, addresses);
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([grpc.stop(), http.stop()]);
  });

  const ask = async (authorization: string) => {
    upstream.take();
    http.clear();
    grpc.clear();
    const headers = [['Authorization', authorization] as const, ...many];
    const { status, body } = await send(gateway.port, { headers });
    return { status, body, received: upstream.take() };
  };

  test('lets a good token through, with all headers', async () => {
    const { status, received } = await ask(token.token);
    expect(status).toBe(200);
    const [request] = received;
    expect(request?.rawHeaders.filter(value => value.includes(marker))).toHaveLength(many.length);
  });

  test('refuses a bad token by the verdict', async () => {
    const { status, body, received } = await ask('nonsense');
    expect({ status, body, received }).toEqual({
      status: 401,
      body: refusalBody('INVALID_TOKEN'),
      received: [],
    });
  });

  test('sends Usher only what it reads', async () => {
    await ask(token.token);
    const sent = [...http.connections, ...grpc.connections].map(each => each.sent).join('');
    expect(sent.length).toBeGreaterThan(100);
    // HTTP/2 compresses headers, so that only their length shows what is sent to the gRPC listener.
    expect(sent).not.toContain(marker);
    expect(sent.toLowerCase()).not.toContain('x-client-');
    expect(sent.length).toBeLessThan(2000);
  });
});
