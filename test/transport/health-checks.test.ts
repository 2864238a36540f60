/** Every listener answers the health checks that load balancers send by default. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/grpc/health/v1/health_pb.ts';
import { ownEngine } from '../engine.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { rawRequest } from './grpc/raw-request.ts';
import { type HealthCheck, healthChecks, healthChecksTable } from './health-checks.ts';

type Request = HealthCheck['request'];
/** The HTTP status, or what stands for it in gRPC. */
type Outcome = number | string;

/** A server that is ready, and one whose store cannot be reached. */
let ready: TestServer;
let waiting: TestServer;

beforeAll(async () => {
  [ready, waiting] = await Promise.all([
    runServer(ownEngine),
    runServer({ ...ownEngine, USHER_STORE: 'redis://127.0.0.1:1' }),
  ]);
});
afterAll(() => Promise.all([ready.stop(), waiting.stop()]));

/** Plays a health check. */
async function play(request: Request, address: string): Promise<Outcome> {
  const [host, port = ''] = address.split(':');
  switch (request.over) {
    case 'tcp': {
      const socket = connect(Number(port), host);
      await once(socket, 'connect');
      socket.resetAndDestroy();
      return 'connected';
    }
    case 'http/1': {
      const socket = connect(Number(port), host);
      socket.end(request.bytes(address));
      return Number(/^HTTP\/1\.1 (\d+) /.exec(await text(socket))?.[1]);
    }
    case 'http/2': {
      const head = Object.entries({ ':scheme': 'http', ...request.headers });
      const { headers } = await rawRequest(address, head, undefined);
      return Number(headers[':status']);
    }
    case 'grpc': {
      const headers = {
        ':method': 'POST',
        ':path': request.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'user-agent': request.userAgent,
      };
      const { body, ...answer } = await overHttp2(address, headers, Buffer.alloc(5));
      const { 'grpc-status': code }: Record<string, unknown> = answer;
      if (code !== '0') return Number(code);
      const { status } = fromBinary(HealthCheckResponseSchema, body.subarray(5));
      return Object.entries(ServingStatus).find(([, value]) => value === status)?.[0] ?? '';
    }
  }
}

async function overHttp2(address: string, headers: Record<string, string>, body: Buffer) {
  const session = connectHttp2(`http://${address}`);
  const stream = session.request(headers);
  const answer: Record<string, unknown> = {};
  const chunks: Buffer[] = [];
  stream.on('response', head => Object.assign(answer, head));
  stream.on('trailers', trailers => Object.assign(answer, trailers));
  stream.on('data', chunk => chunks.push(chunk as Buffer));
  stream.end(body);
  await once(stream, 'close');
  session.close();
  return { ...answer, body: Buffer.concat(chunks) };
}

function isHealthy(request: Request, outcome: Outcome): boolean {
  if (request.over === 'tcp') return outcome === 'connected';
  if (request.over === 'grpc') return outcome === request.healthy;
  const [least, greatest] = request.healthy;
  return Number(outcome) >= least && Number(outcome) <= greatest;
}

const all = healthChecks.flatMap(({ balancer, kind, listeners, request }) =>
  listeners.map(listener => ({ name: `${balancer}: ${kind} on ${listener}`, listener, request })),
);

describe('a server that is ready', () => {
  test.each(all)('$name is healthy', async ({ listener, request }) => {
    const outcome = await play(request, ready[listener]);
    expect([outcome, isHealthy(request, outcome)]).toEqual([outcome, true]);
  });

  test('notices nothing of connections that are reset', () => {
    expect(ready.logged.filter(line => /"level":[456]0/.test(line))).toEqual([]);
  });
});

describe('a server that waits for its store', () => {
  // These two say only that the process is there.
  const saying = all.filter(
    ({ request }) => request.over !== 'tcp' && !('healthy' in request && request.healthy === 12),
  );
  test.each(saying)('$name is not healthy', async ({ listener, request }) => {
    const outcome = await play(request, waiting[listener]);
    expect([outcome, isHealthy(request, outcome)]).toEqual([outcome, false]);
  });
});

test('without its path, a check by GET learns nothing', async () => {
  const bytes = () => 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n';
  const outcome = await play({ over: 'http/1', bytes, healthy: [200, 200] }, ready.http);
  expect(outcome).toBe(401);
});

test('the documentation has this table', async () => {
  const docs = await readFile(new URL('../../docs/running.md', import.meta.url), 'utf8');
  expect(docs).toContain(`\n${healthChecksTable()}\n`);
});
