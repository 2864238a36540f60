/** What the listener on grpc-js adds to it; the suites in ../grpc show that it is a gRPC server. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
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

function listenerWith(limits: Partial<GrpcLimits>) {
  return createGrpcListener({
    bindings: [verifierBinding()],
    limits: { ...defaultLimits.grpc, ...limits },
    onBug: () => undefined,
  });
}

async function start(limits: Partial<GrpcLimits> = {}): Promise<string> {
  const listener = listenerWith(limits);
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

test('a stop does not wait for peers that are silent and do not close their end', async () => {
  const listener = listenerWith({ lastWordMs: 10 });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
  for (const sent of ['', preface]) {
    const peer = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    cleaning.push(() => peer.destroy());
    peer.on('error', () => undefined);
    peer.write(sent);
    // The settings of the server.
    await once(peer, 'data');
  }
  expect(listener.connections()).toBe(2);
  await listener.stop(3_600_000);
  expect(listener.connections()).toBe(0);
});
