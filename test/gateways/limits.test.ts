/** A token over its limit through every real gateway: 429 with Retry-After, and not the service. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { envoyBinding } from '../../src/transport/doors/doors.ts';
import { extAuthzHttpRoute } from '../../src/transport/doors/envoy-http.ts';
import { forwardAuthRoute } from '../../src/transport/doors/forward-auth.ts';
import { createH2GrpcListener } from '../../src/transport/grpc/listener.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import { admitAnyone } from '../../src/transport/rpc/admission.ts';
import type { Listener } from '../../src/transport/rpc/listener.ts';
import type { Verdict } from '../../src/verify/verdict.ts';
import { defaultLimits } from '../limits.ts';
import { gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const over: Verdict = {
  ...{ valid: false, reason: 'RATE_LIMITED', retryAfterMs: 89_001, watchedTtlMs: 0 },
  stale: false,
};
const deps = { verify: () => over, admit: admitAnyone, sourceOf: () => '', trusts: () => false };
const bugs: unknown[] = [];
const onBug = (error: unknown) => bugs.push(error);
const http = createHttpListener({
  routes: [extAuthzHttpRoute(deps), forwardAuthRoute(deps)],
  limits: defaultLimits.http,
  corsOrigins: [],
  onBug,
});
const grpc = createH2GrpcListener({
  bindings: [envoyBinding(deps)],
  limits: defaultLimits.grpc,
  onBug,
});
const addressOf = async (listener: Listener) => {
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return `127.0.0.1:${port}`;
};

let addresses: { http: string; grpc: string };
let upstream: Upstream;
beforeAll(async () => {
  addresses = { http: await addressOf(http), grpc: await addressOf(grpc) };
  upstream = await startUpstream();
});
afterAll(async () => {
  await Promise.all([http.stop(0), grpc.stop(0), upstream?.stop()]);
  expect(bugs).toEqual([]);
});

test.each(gatewayNames)('%s', async name => {
  const gateway = await startGateway(name, { ...addresses, upstream: upstream.address });
  const answer = await send(gateway.port, { headers: [['Authorization', 'Bearer x']] });
  await gateway.stop();
  expect(answer.status).toBe(429);
  expect(answer.headers['retry-after']).toBe('90');
  expect(answer.headers['www-authenticate']).toBeUndefined();
  expect(JSON.parse(answer.body)).toEqual({ error: 'token is over its limit' });
  expect(upstream.take()).toEqual([]);
});
