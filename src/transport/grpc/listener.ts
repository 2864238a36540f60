/** The gRPC listener on this project's own HTTP/2 server. */

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { createH2Server } from '../h2/server.ts';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import { createShares, limitConnections, ownGuard } from '../rpc/guard.ts';
import { listenOn, within } from '../rpc/listener.ts';
import { alwaysReady } from '../rpc/probes.ts';
import { Calls, type CallsDeps, createCallDeadlines } from './calls.ts';
import { h2LimitsOf } from './h2-limits.ts';
import { createHealthService } from './health.ts';
import { notHttp2 } from './not-http2.ts';
import { reflectionBindings } from './reflection.ts';
import { routesOf } from './routes.ts';

/** Creates the listener; it serves once `listen` has resolved. */
export function createH2GrpcListener(deps: GrpcDeps): GrpcListener {
  const { bindings, limits, onBug, guard = ownGuard(limits), probes = alwaysReady } = deps;
  const services = bindings.map(({ service }) => service);
  const health = createHealthService(services.map(({ typeName }) => typeName));
  const reflection = reflectionBindings([...services, health.binding.service]);
  const routes = routesOf([...bindings, health.binding, ...reflection]);
  const deadlines = createCallDeadlines(limits, probes, onBug, () =>
    guard.unreadClosed('deadline'),
  );
  const streams: CallsDeps['streams'] = new Set();
  const open: CallsDeps['open'] = new Set();
  const shared: CallsDeps = { routes, limits, deadlines, streams, open, guard, probes, onBug };
  const server = createH2Server({
    limits: h2LimitsOf(limits),
    createHandler: connection => new Calls(shared, connection),
    onFault: guard.faulted,
    onBug: error => onBug(error, randomUUID()),
    notHttp2: Buffer.from(notHttp2),
  });
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  const unwatch = guard.unread.watch(() => open, guard.unreadClosed);
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
    listen: address => listenOn(sock, address),
    connections: () => connections,
    stop: graceMs => {
      stopping ??= stop(graceMs);
      return stopping;
    },
    setServing: health.setServing,
  };
}
