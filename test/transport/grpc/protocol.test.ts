/**
 * What "gRPC over HTTP/2", "gRPC Compression" and the mapping of statuses require of a server, as far as
 * both engines do it; protocol-h2.test.ts has the rest.
 */

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from './engines.ts';
import { callAt, frame, type Sent, service, verifying } from './protocol-call.ts';
import type { RawHeaders } from './raw-request.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  const bugs: unknown[] = [];
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: { ...defaultLimits.grpc, receiveBytesMax: 1000, lastWordMs: 50 },
    onBug: error => bugs.push(error),
  });
  let address: string;

  beforeAll(async () => {
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    address = `127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await listener.stop(5_000);
    expect(bugs).toEqual([]);
  });

  const call = (sent?: Sent) => callAt(address, sent);

  describe('Responses', () => {
    test.each([
      ['an unknown method', `${service}Nothing`],
      ['an unknown service', '/nothing.v1.Nothing/Nothing'],
      ['a path of one part', '/'],
      ["the health check of AWS' balancers", '/AWS.ALB/healthcheck'],
    ])('%s is UNIMPLEMENTED, with HTTP status 200', async (_, path) => {
      const { headers } = await call({ path });
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '12' });
      expect(headers['content-type']).toMatch(/^application\/grpc/);
    });

    test('a request that is too long is RESOURCE_EXHAUSTED', async () => {
      for (const others of [[], [['grpc-encoding', 'gzip']]] as RawHeaders[]) {
        const { headers } = await call({ others, body: frame(Buffer.alloc(1001)) });
        expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '8' });
      }
    });

    test('the deadline of a stream ends as DEADLINE_EXCEEDED', async () => {
      const others: RawHeaders = [['grpc-timeout', '50m']];
      const { headers } = await call({ path: `${service}WatchInvalidations`, others });
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '4' });
    });
  });

  describe('Compression', () => {
    const verify = { path: `${service}Verify` };

    test('gzip is read', async () => {
      const body = frame(gzipSync(verifying), 1);
      const { headers } = await call({ ...verify, others: [['grpc-encoding', 'gzip']], body });
      expect(headers['grpc-status']).toBe('0');
    });

    test('a message may be plain although one is named', async () => {
      const body = frame(verifying);
      const { headers } = await call({ ...verify, others: [['grpc-encoding', 'gzip']], body });
      expect(headers['grpc-status']).toBe('0');
    });

    test('an answer is plain for a caller that knows no compression', async () => {
      const { headers } = await call({ others: [['grpc-accept-encoding', 'identity']] });
      expect(headers['grpc-encoding'] ?? 'identity').toBe('identity');
    });
  });
});
