/**
 * A token with limits through every real gateway: what is left of them, and over one 429 with Retry-After, and
 * not the service.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyBinding } from '../../src/transport/doors/doors.ts';
import { extAuthzHttpRoute } from '../../src/transport/doors/envoy-http.ts';
import { forwardAuthRoute } from '../../src/transport/doors/forward-auth.ts';
import { createH2GrpcListener } from '../../src/transport/grpc/listener.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import { admitAnyone } from '../../src/transport/rpc/admission.ts';
import type { Listener } from '../../src/transport/rpc/listener.ts';
import type { Identity, Verdict } from '../../src/verify/verdict.ts';
import type { Question } from '../../src/verify/verify.ts';
import { defaultLimits } from '../limits.ts';
import { type Gateway, gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const use = { limit: 'rate limit' as const, requests: 100, windowSeconds: 60, allInMs: 60_000 };
const shared = { watchedTtlMs: 0, stale: false };
const over: Verdict = {
  ...{ valid: false, reason: 'RATE_LIMITED', retryAfterMs: 89_001, ...shared },
  limitUses: () => [{ ...use, remaining: 0, moreInMs: 89_001 }],
};
const identity: Identity = {
  ...{ tokenId: 'b9c2a5d4-0000-7000-8000-000000000001', kind: 'static', owner: '', subject: '' },
  ...{ jti: '', scopes: [], exp: 0, revision: 1 },
};
const within: Verdict = {
  ...{ valid: true, identity, cacheTtlMs: 0, ...shared },
  limitUses: () => [{ ...use, remaining: 41, moreInMs: 2500 }],
};
const unlimited: Verdict = { valid: true, identity, cacheTtlMs: 0, ...shared };
const verdicts: Record<string, Verdict> = { 'Bearer over': over, 'Bearer within': within };
const verify = ({ header }: Question) => verdicts[header] ?? unlimited;
const deps = { verify, admit: admitAnyone, sourceOf: () => '', trusts: () => false };
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

describe.each(gatewayNames)('%s', name => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(name, { ...addresses, upstream: upstream.address });
    upstream.take();
  });
  afterAll(() => gateway.stop());
  const ask = (token: string) =>
    send(gateway.port, { headers: [['Authorization', `Bearer ${token}`]] });

  test('over a limit', async () => {
    const { status, headers, body } = await ask('over');
    expect(status).toBe(429);
    expect(headers).toMatchObject({
      'retry-after': '90',
      'ratelimit-policy': '"rate";q=100;w=60',
      ratelimit: '"rate";r=0;t=90',
    });
    expect(headers['www-authenticate']).toBeUndefined();
    expect(JSON.parse(body)).toEqual({ error: 'token is over its limit' });
    expect(upstream.take()).toEqual([]);
  });

  test('within the limits, and without any', async () => {
    const { status, headers } = await ask('within');
    expect(status).toBe(200);
    // Traefik hands only cookies of Usher's answer to the client.
    const told =
      name === 'traefik' ? undefined : { policy: '"rate";q=100;w=60', left: '"rate";r=41;t=3' };
    expect(headers['ratelimit-policy']).toBe(told?.policy);
    expect(headers.ratelimit).toBe(told?.left);
    const [received] = upstream.take();
    const names = received?.rawHeaders.filter((_, at) => at % 2 === 0) ?? [];
    expect(names.filter(each => /ratelimit/i.test(each))).toEqual([]);
    const without = await ask('unlimited');
    expect(without.status).toBe(200);
    expect(Object.keys(without.headers).filter(each => each.startsWith('ratelimit'))).toEqual([]);
  });
});
