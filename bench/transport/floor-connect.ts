/** The floor of Connect calls: connect-node with a handler of a fixed answer. Prints its port. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromJsonString } from '@bufbuild/protobuf';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { VerifierService, VerifyResponseSchema } from '../../src/gen/usher/v1/verifier_pb.ts';

const answer = fromJsonString(VerifyResponseSchema, process.argv[2] as string);

const server = createServer(
  connectNodeAdapter({
    routes: router => void router.service(VerifierService, { verify: () => answer }),
  }),
);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
