/** The gRPC listener on this project's own HTTP/2 server. */

import { createServer } from 'node:net';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import { createShares, limitConnections, ownGuard } from '../rpc/guard.ts';
import { listenOn } from '../rpc/listener.ts';
import { createWire } from './wire.ts';

/** Creates the listener; it serves once `listen` has resolved. */
export function createH2GrpcListener(deps: GrpcDeps): GrpcListener {
  const { limits, guard = ownGuard(limits) } = deps;
  const wire = createWire({ ...deps, guard });
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  let connections = 0;
  const sock = createServer({ noDelay: true, allowHalfOpen: false }, socket => {
    if (!mayStay(socket)) return;
    connections++;
    socket.once('close', () => connections--);
    wire.accept(socket);
  });
  limitConnections(sock, limits.connectionsMax, guard);
  let stopping: Promise<void> | undefined;
  return {
    listen: address => listenOn(sock, address),
    connections: () => connections,
    stop: graceMs => {
      sock.close();
      stopping ??= wire.stop(graceMs);
      return stopping;
    },
    setServing: wire.setServing,
  };
}
