/** Gateways that speak HTTP/2 without TLS to Usher's HTTP and manager ports. */

import { createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { freePort } from '../free-port.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { startGateway } from './gateway.ts';
import { commandOf, startInFolder } from './process.ts';
import { type Recorder, record } from './recorder.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let token: string;
let http: Recorder;
let manager: Recorder;
const cleaning: (() => unknown)[] = [];

beforeAll(async () => {
  [usher, upstream] = await Promise.all([runServer(ownEngine), startUpstream()]);
  ({ token } = await makeStatic(usher));
  [http, manager] = await Promise.all([record(usher.http), record(usher.manager)]);
});
afterEach(async () => {
  for (const clean of cleaning.splice(0)) await clean();
  http.clear();
});
afterAll(() => Promise.all([http, manager, usher, upstream].map(each => each.stop())));

const speaksHttp2 = ({ connections }: Recorder) =>
  connections.some(({ sent }) => sent.startsWith('PRI * HTTP/2.0'));

/** What makes a printed configuration use HTTP/2. */
const changes = {
  'envoy-http': [
    '    - name: usher\n      type: STRICT_DNS\n',
    `      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
`,
  ],
  caddy: ['			transport http {\n', '				versions h2c\n'],
} as const;

test.each(['envoy-http', 'caddy'] as const)('%s asks for verdicts by HTTP/2', async name => {
  const [line, added] = changes[name];
  const gateway = await startGateway(name, {
    ...{ grpc: usher.grpc, http: http.address, upstream: upstream.address },
    change(text) {
      expect(text).toContain(line);
      return text.replace(line, line + added);
    },
  });
  cleaning.push(gateway.stop);
  upstream.take();
  const headers = [['Authorization', `Bearer ${token}`]] as const;
  expect((await send(gateway.port, { headers })).status).toBe(200);
  expect(upstream.take().length).toBe(1);
  const refused = await send(gateway.port);
  expect([refused.status, refused.body]).toEqual([
    401,
    '{"error":"authorization header is missing"}',
  ]);
  expect(speaksHttp2(http)).toBe(true);
});

const reverseProxies = {
  haproxy: (port: number) => ({
    'haproxy.cfg': `
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:${port}
  default_backend usher
backend usher
  server usher ${http.address} proto h2
`,
  }),
  traefik: (port: number) => ({
    'traefik.yaml': `
global: { checkNewVersion: false, sendAnonymousUsage: false }
entryPoints: { web: { address: '127.0.0.1:${port}' } }
providers: { file: { filename: usher.yaml } }
`,
    'usher.yaml': `
http:
  routers: { usher: { rule: 'PathPrefix(\`/\`)', service: usher } }
  services: { usher: { loadBalancer: { servers: [{ url: 'h2c://${http.address}' }] } } }
`,
  }),
} as const;

test.each(['haproxy', 'traefik'] as const)('%s passes requests on by HTTP/2', async name => {
  const port = await freePort();
  const isReady = async () => {
    const { status } = await send(port, { path: '/healthz' }).catch(() => ({ status: 0 }));
    return status === 200;
  };
  const files = reverseProxies[name](port);
  cleaning.push(await startInFolder(name, commandOf[name](), files, isReady));
  const headers = [['Authorization', token]] as const;
  const { status, body } = await send(port, { path: '/', headers });
  expect([status, body]).toEqual([200, expect.stringContaining('Oh, Hello')]);
  expect((await send(port, { path: '/' })).status).toBe(401);
  expect(speaksHttp2(http)).toBe(true);
});

test('nginx passes gRPC on to both ports', async () => {
  const port = await freePort();
  const files = {
    'nginx.conf': `
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${port} http2;
    location /usher.v1.VerifierService/ { grpc_pass grpc://${http.address}; }
    location / { grpc_pass grpc://${manager.address}; grpc_set_header Host localhost; }
  }
}
`,
  };
  const withToken: Interceptor = next => request => {
    request.header.set('authorization', usher.adminToken);
    return next(request);
  };
  const transport = createGrpcTransport({
    ...{ baseUrl: `http://127.0.0.1:${port}`, interceptors: [withToken] },
  });
  const verifier = createClient(VerifierService, transport);
  const isReady = async () => {
    const call = verifier.verify({ header: token });
    return await call.then(
      ({ valid }) => valid,
      () => false,
    );
  };
  cleaning.push(await startInFolder('nginx', commandOf.nginx(), files, isReady));
  const { totalSize } = await createClient(AccessTokenService, transport).list({});
  expect(totalSize).toBe(1n);
  expect([speaksHttp2(http), speaksHttp2(manager)]).toEqual([true, true]);
});
