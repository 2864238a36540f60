/** Small parts of requests that wait do not keep all that was read with them. */

import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, expect, test } from 'vitest';
import { StreamVerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { collectGarbage } from '../../src/server/heap.ts';
import { createH2GrpcListener } from '../../src/transport/grpc/listener.ts';
import type { PlainField } from '../../src/transport/h2/hpack/encoder.ts';
import { defaultLimits } from '../limits.ts';
import { verifierBinding } from './fakes.ts';
import { begunPeer, frame, request } from './h2/raw-peer.ts';
import { startHttp } from './http/server.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

const verifier = { verify: () => new Promise<never>(() => {}) };

async function httpPort() {
  const { listener, port } = await startHttp({ verifier });
  cleaning.push(() => listener.stop(0));
  return port;
}

async function grpcPort() {
  const listener = createH2GrpcListener({
    bindings: [verifierBinding(verifier)],
    limits: defaultLimits.grpc,
    onBug: () => {},
  });
  cleaning.push(() => listener.stop(0));
  return (await listener.listen({ host: '127.0.0.1', port: 0 })).port;
}

const service = '/usher.v1.VerifierService';
const rounds = 200;
/** Frames of an unknown type, which are ignored. */
const ignored = Buffer.concat(
  Array.from({ length: 4 }, () => frame(0xbe, 0, 0, Buffer.alloc(16_000))),
);

/** A message of a gRPC stream. */
const message = toBinary(
  StreamVerifyRequestSchema,
  create(StreamVerifyRequestSchema, { items: [{ id: 1n, request: { header: 'x' } }] }),
);
const streamed = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]).toString('hex');

/** What buffers hold that are in use. The first collections leave those that are being freed. */
async function bufferBytes(): Promise<number> {
  for (let count = 0; count < 5; count++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().arrayBuffers;
}

test.each<[name: string, () => Promise<number>, path: string, fields: PlainField[], part: string]>([
  ['Connect', httpPort, 'Verify', [['content-type', 'application/json']], '20'],
  [
    'Connect with compression',
    httpPort,
    'Verify',
    [
      ['content-type', 'application/json'],
      ['content-encoding', 'gzip'],
    ],
    '20',
  ],
  ['a gRPC stream', grpcPort, 'StreamVerify', [['content-type', 'application/grpc']], streamed],
])('of %s', async (_, start, method, fields, part) => {
  const peer = await begunPeer(await start());
  peer.send(request(1, `${service}/${method}`, 4, ...fields));
  await peer.settled();
  // As much as the handler of the stream takes without an answer, and more.
  peer.send(frame('data', 0, 1, part.repeat(1000)));
  await peer.settled();
  const before = await bufferBytes();
  for (let round = 0; round < rounds; round++) {
    peer.send(frame('data', 0, 1, part), ignored);
    if (round % 20 === 0) await peer.settled();
  }
  await peer.settled();
  const grown = (await bufferBytes()) - before;
  // All that was sent is 13 MB.
  expect(grown).toBeLessThan(3_000_000);
});
