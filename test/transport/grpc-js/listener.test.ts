/** What the listener on grpc-js adds to it; the suites in ../grpc show that it is a gRPC server. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, expect, test, vi } from 'vitest';
import { createGrpcListener } from '../../../src/transport/grpc-js/listener.ts';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { callAt } from '../grpc/protocol-call.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(limits: Partial<GrpcLimits> = {}): Promise<string> {
  const listener = createGrpcListener({
    bindings: [verifierBinding()],
    limits: { ...defaultLimits.grpc, ...limits },
    onBug: () => undefined,
  });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return `127.0.0.1:${port}`;
}

test('writes no header to standard error', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  cleaning.push(() => written.mockRestore());
  const address = await start();
  for (const value of ['secret\xe9', 'Bearer\tsecret', '"secret"']) {
    await callAt(address, { others: [['x-api-key', value]] });
  }
  expect(written.mock.calls).toEqual([]);
});

test.each([
  ['that is longer than allowed is cut', { deadlineMsMax: 100 }, { 'grpc-timeout': '20S' }],
  ['that a caller does not send is set', { deadlineMs: 100 }, {}],
])('a deadline %s', async (_, limits, headers) => {
  const session = connect(`http://${await start(limits)}`);
  cleaning.push(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/usher.v1.VerifierService/Verify',
    'content-type': 'application/grpc',
    ...headers,
  });
  const [answer] = await once(stream, 'response');
  expect(answer['grpc-status']).toBe('4');
});
