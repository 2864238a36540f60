/** A program that opens many watches, each on a connection of its own as SDKs do, and counts their messages. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { createInterface } from 'node:readline';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  WatchInvalidationsRequestSchema,
  WatchInvalidationsResponseSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame } from '../load.ts';

/** What the program is asked by arguments: the address of the gRPC listener, and how many watchers. */
const [address, count = '0'] = process.argv.slice(2);
const body = grpcFrame(
  toBinary(WatchInvalidationsRequestSchema, create(WatchInvalidationsRequestSchema)),
);
let messages = 0;
let bytes = 0;
/** How often a message named an access token that changed. */
let changed = 0;

async function watch(): Promise<void> {
  const session = connect(`http://${address}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/usher.v1.VerifierService/WatchInvalidations',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(body);
  let held = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    held = Buffer.concat([held, chunk]);
    while (held.length >= 5 && held.length >= 5 + held.readUInt32BE(1)) {
      const end = 5 + held.readUInt32BE(1);
      const { event } = fromBinary(WatchInvalidationsResponseSchema, held.subarray(5, end));
      if (event.case === 'changed') changed += event.value.tokenIds.length;
      messages++;
      held = held.subarray(end);
    }
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
  process.stdout.write(`${JSON.stringify({ messages, bytes, changed })}\n`);
}
process.exit(0);
