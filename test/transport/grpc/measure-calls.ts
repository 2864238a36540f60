/** A worker thread, for a heap of its own: posts what a call takes that waits, in bytes. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verifierBinding } from '../fakes.ts';

const count = 10_000;
const [dataType, headersType, settingsType] = [0, 1, 4];
const [endStream, endHeaders] = [1, 4];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

/** Calls of a peer that reads no content: as many as may stay unread, and others that wait for them. */
async function bytesOfCalls(connectionBytesMax: number): Promise<number> {
  const unread = { connectionBytesMax, processBytesMax: Number.MAX_SAFE_INTEGER };
  const listener = createH2GrpcListener({
    bindings: [verifierBinding({ verify: () => granted })],
    limits: { ...defaultLimits.grpc, unread, streamsPerConnectionMax: 2 * count },
    onBug: () => undefined,
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect(port, '127.0.0.1').resume();
  await once(socket, 'connect');
  const block = encodeFields([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/usher.v1.VerifierService/Verify'],
    ['content-type', 'application/grpc'],
  ]);
  const call = (id: number) => [
    frame(headersType, endHeaders, id, block),
    frame(dataType, endStream, id, Buffer.alloc(5)),
  ];
  const calls = Buffer.concat(Array.from({ length: count }, (_, at) => call(2 * at + 3)).flat());
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const windowOfNone = Buffer.from('000400000000', 'hex');
  const settings = frame(settingsType, 0, 0, windowOfNone);
  const ping = frame(6, 0, 0, Buffer.from('received'));
  const answered = async () => {
    let answers = '';
    while (!answers.includes('received')) answers += String((await once(socket, 'data'))[0]);
  };
  socket.write(Buffer.concat([preface, settings, ...call(1), ping]));
  await answered();
  const before = heldBytes();
  socket.write(Buffer.concat([calls, ping]));
  await answered();
  const bytes = (heldBytes() - before) / count;
  socket.destroy();
  await listener.stop(0);
  return bytes;
}

parentPort?.postMessage({
  unread: await bytesOfCalls(Number.MAX_SAFE_INTEGER),
  waiting: await bytesOfCalls(400_000),
});
