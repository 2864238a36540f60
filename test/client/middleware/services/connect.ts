/** A service on ConnectRPC that requires tokens. It reuses Usher's service definition. */

import { createServer } from 'node:http';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  connectAuth,
  greeting,
  hello,
  identityKey,
  type Requirement,
  type Usher,
} from '../../../../src/client/node.ts';
import { VerifierService } from '../../../../src/gen/usher/v1/verifier_pb.ts';

/** Creates the service: Hello greets, Verify returns the identity of the caller. */
export function connectService(usher: Usher, requirement: Requirement = {}) {
  const rpcs = connectNodeAdapter({
    interceptors: [connectAuth(usher, requirement)],
    routes: ({ service }) =>
      service(VerifierService, {
        hello: () => greeting(),
        verify: (_request, context) => ({ owner: context.values.get(identityKey)?.owner ?? '' }),
      }),
  });
  const root = hello(usher);
  return createServer((req, res) => {
    if (req.url === '/') void root(req, res);
    else rpcs(req, res);
  });
}
