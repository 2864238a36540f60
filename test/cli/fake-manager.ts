/** A fake API Manager with answers from the test, over real Connect on a free port. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';

/** A running fake. */
export interface FakeManager {
  url: string;
  /** Authorization headers of the calls so far. */
  authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** Starts a fake with the rpcs that the test needs; all others are UNIMPLEMENTED. */
export async function startFakeManager(rpcs: {
  tokens?: Partial<ServiceImpl<typeof AccessTokenService>>;
  leaks?: Partial<ServiceImpl<typeof LeakService>>;
  store?: Partial<ServiceImpl<typeof StoreService>>;
  verifier?: Partial<ServiceImpl<typeof VerifierService>>;
}): Promise<FakeManager> {
  const authorizations: (string | undefined)[] = [];
  const handle = connectNodeAdapter({
    routes: router => {
      router.service(AccessTokenService, rpcs.tokens ?? {});
      router.service(LeakService, rpcs.leaks ?? {});
      router.service(StoreService, rpcs.store ?? {});
      router.service(VerifierService, rpcs.verifier ?? {});
    },
  });
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    handle(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    authorizations,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
