/** The gRPC listener on this project's own HTTP/2 server. */

import { createServer } from 'node:net';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import { createShares, limitConnections, ownGuard } from '../rpc/guard.ts';
import { listenOn } from '../rpc/listener.ts';
import { createTlsFront } from '../tls/front.ts';
import type { MaybeTls } from '../tls/listener-tls.ts';
import { createWire } from './wire.ts';

/** Creates the listener; it serves once `listen` has resolved. */
export function createH2GrpcListener(deps: GrpcDeps & MaybeTls): GrpcListener {
  const { limits, guard = ownGuard(limits), tls } = deps;
  const wire = createWire({ ...deps, guard });
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  let connections = 0;
  const front =
    tls && createTlsFront({ tls, protocols: ['h2'], guard, serve: socket => wire.accept(socket) });
  const sock = createServer({ noDelay: true, allowHalfOpen: false }, socket => {
    if (!mayStay(socket)) return;
    connections++;
    socket.once('close', () => connections--);
    if (front === undefined) wire.accept(socket);
    else front.accept(socket);
  });
  limitConnections(sock, limits.connectionsMax, guard);
  const stop = async (graceMs: number) => {
    // Connections that come out of a handshake get GOAWAY as all others do.
    await front?.stop(limits.stopPrefaceMs);
    await wire.stop(graceMs);
  };
  let stopping: Promise<void> | undefined;
  return {
    listen: address => listenOn(sock, address),
    connections: () => connections,
    stop: graceMs => {
      sock.close();
      stopping ??= stop(graceMs);
      return stopping;
    },
    setServing: wire.setServing,
  };
}
