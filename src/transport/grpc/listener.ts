/** The gRPC listener on this project's own HTTP/2 server. */

import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { errorCodes } from '../h2/frame.ts';
import { createH2Server, type H2Server } from '../h2/server.ts';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import { createShares, limitConnections, ownGuard } from '../rpc/guard.ts';
import { within } from '../rpc/listener.ts';
import { notHttp2 } from '../rpc/not-http2.ts';
import type { Reader } from '../rpc/unread.ts';
import { Calls, type CallsDeps, createCallDeadlines } from './calls.ts';
import { h2LimitsOf } from './h2-limits.ts';
import { createHealthService } from './health.ts';
import { reflectionBindings } from './reflection.ts';
import { routesOf } from './routes.ts';

/** Creates the listener; it serves once `listen` has resolved. */
export function createH2GrpcListener(deps: GrpcDeps): GrpcListener {
  const { bindings, limits, onBug, guard = ownGuard(limits.unread) } = deps;
  const services = bindings.map(({ service }) => service);
  const health = createHealthService(services.map(({ typeName }) => typeName));
  const reflection = reflectionBindings([...services, health.binding.service]);
  const routes = routesOf([...bindings, health.binding, ...reflection]);
  const deadlines = createCallDeadlines(limits, onBug, () => guard.unreadClosed('deadline'));
  const streams: CallsDeps['streams'] = new Set();
  const server = createH2Server({
    limits: h2LimitsOf(limits),
    createHandler: () => new Calls({ routes, limits, deadlines, streams, onBug }),
    onFault: guard.faulted,
    onBug: error => onBug(error, randomUUID()),
    notHttp2: Buffer.from(notHttp2),
  });
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  const unwatch = guard.unread.watch(() => readersOf(server), guard.unreadClosed);
  let connections = 0;
  const sock = createServer({ noDelay: true, allowHalfOpen: false }, socket => {
    if (!mayStay(socket)) return;
    connections++;
    socket.once('close', () => connections--);
    server.accept(socket);
  });
  limitConnections(sock, limits.connectionsMax, guard);

  const stop = async (graceMs: number) => {
    health.setServing(false);
    sock.close();
    // Those who watch its health learn of the stop before their streams end.
    await new Promise(setImmediate);
    for (const call of streams) call.stop();
    await within(graceMs, server.goAway(), server.destroy);
    deadlines.stop();
    unwatch();
  };
  let stopping: Promise<void> | undefined;
  return {
    listen: ({ host, port }) =>
      new Promise<AddressInfo>((resolve, reject) => {
        sock.once('error', reject);
        sock.listen({ host, port }, () => {
          sock.off('error', reject);
          resolve(sock.address() as AddressInfo);
        });
      }),
    connections: () => connections,
    stop: graceMs => {
      stopping ??= stop(graceMs);
      return stopping;
    },
    setServing: health.setServing,
  };
}

/** What each connection holds of answers that are not read. */
function* readersOf(server: H2Server): Generator<Reader> {
  for (const connection of server.connections()) {
    const close = () => connection.fail(errorCodes.enhanceYourCalm);
    yield { bytes: connection.heldBytes, close };
  }
}
