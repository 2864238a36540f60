/** A program that opens many watches, each on a connection of its own as SDKs do, and counts their messages. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { createInterface } from 'node:readline';
import { create, toBinary } from '@bufbuild/protobuf';
import { WatchInvalidationsRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame } from '../load.ts';

/** What the program is asked by arguments: the address of the gRPC listener, and how many watchers. */
const [address, count = '0'] = process.argv.slice(2);
const body = grpcFrame(
  toBinary(WatchInvalidationsRequestSchema, create(WatchInvalidationsRequestSchema)),
);
let messages = 0;
let bytes = 0;

async function watch(): Promise<void> {
  const session = connect(`http://${address}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/usher.v1.VerifierService/WatchInvalidations',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(body);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // A chunk may hold several messages, each behind its length.
    for (let at = 0; at + 5 <= chunk.length; at += 5 + chunk.readUInt32BE(at + 1)) messages++;
  });
  stream.on('close', () => {
    throw new Error('a watch ended');
  });
  await once(stream, 'data');
}

for (let opened = 0; opened < Number(count); opened += 50) {
  const some = Math.min(50, Number(count) - opened);
  await Promise.all(Array.from({ length: some }, watch));
}
process.stdout.write('ready\n');
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ messages, bytes })}\n`);
}
process.exit(0);
