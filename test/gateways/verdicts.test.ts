/** Identity headers, refusals and hostile requests through every real gateway in front of a service. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reason, reasons } from '../../src/verify/verdict.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { type Case, makeCases, refusalBody, required } from './cases.ts';
import { type Gateway, gatewayNames, startGateway } from './gateway.ts';
import { type Answer, send } from './request.ts';
import { type Received, startUpstream, type Upstream, valuesOf } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let cases: Case[];

beforeAll(async () => {
  usher = await runServer();
  upstream = await startUpstream();
  cases = await makeCases(usher);
});

afterAll(async () => {
  await usher.stop();
  await upstream.stop();
});

describe.each(gatewayNames)('%s', name => {
  let gateway: Gateway;

  beforeAll(async () => {
    const { grpc, http } = usher;
    gateway = await startGateway(name, { grpc, http, upstream: upstream.address, ...required });
  });
  afterAll(() => gateway.stop());

  test('gives the verdict of every case', async () => {
    const outcomes = [];
    const wanted = [];
    for (const { name: caseName, sent, verdict } of cases) {
      const answer = await send(gateway.port, sent);
      const received = upstream.take();
      if (ownRefusals[name]?.includes(caseName) && answer.status === 400) {
        expect(received).toEqual([]);
        continue;
      }
      outcomes.push({ case: caseName, ...seen(answer, received) });
      wanted.push({ case: caseName, ...expected(name, verdict) });
    }
    expect(outcomes).toEqual(wanted);
  });
});

/** What some releases refuse themselves with a 400, before they ask Usher. */
const ownRefusals: Readonly<Record<string, readonly string[]>> = {
  nginx: ['two headers', 'a long one'],
};

const identityNames = ['token-id', 'kind', 'owner', 'subject', 'scopes', 'revision'] as const;

function seen({ status, body, headers }: Answer, received: Received[]) {
  if (received.length === 0) {
    const challenge = headers['www-authenticate']?.split(',')[0];
    return { status, body, type: headers['content-type'], challenge };
  }
  return {
    status,
    body,
    upstream: received.map(request => ({
      url: request.url,
      authorization: valuesOf(request, 'authorization'),
      // A header without a value means the same as no header.
      ...Object.fromEntries(
        identityNames.map(name => [
          `x-usher-${name}`,
          valuesOf(request, `x-usher-${name}`).filter(value => value !== ''),
        ]),
      ),
    })),
  };
}

function expected(gateway: string, verdict: Case['verdict']) {
  if (typeof verdict === 'string') return refused(gateway, verdict);
  const identity = Object.entries(verdict).map(([name, value]) => [name, value ? [value] : []]);
  return {
    status: 200,
    body: '{"upstream":true}',
    upstream: [{ url: '/orders?day=1', authorization: [], ...Object.fromEntries(identity) }],
  };
}

function refused(gateway: string, reason: Reason) {
  const { http } = reasons[reason];
  return {
    // Over HTTP, Envoy would treat a 5xx as an error, which its settings may let pass.
    status: gateway === 'envoy-http' && http === 500 ? 401 : http,
    body: refusalBody(reason),
    type: 'application/json',
    challenge: http === 500 ? undefined : 'Bearer realm="usher"',
  };
}
