/** The floor of gRPC calls: bare grpc-js with an answer of a given size. Prints its port. */

import { Server, ServerCredentials } from '@grpc/grpc-js';

const answer = Buffer.alloc(Number(process.argv[2]));
const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  {
    empty: {
      path: '/bench.Floor/Empty',
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: Buffer) => value,
      requestDeserialize: (value: Buffer) => value,
      responseSerialize: (value: Buffer) => value,
      responseDeserialize: (value: Buffer) => value,
    },
  },
  { empty: (_call: unknown, done: (error: null, value: Buffer) => void) => done(null, answer) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
