/** gRPC, and what else a port serves over HTTP/2, on sockets that a listener has accepted. */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { sourceOf } from '../../tokens/source.ts';
import { createH2Server } from '../h2/server.ts';
import type { GrpcDeps } from '../rpc/grpc-listener.ts';
import { ownGuard } from '../rpc/guard.ts';
import { within } from '../rpc/listener.ts';
import { alwaysReady } from '../rpc/probes.ts';
import { createCallDeadlines } from './call-deadlines.ts';
import { Calls, type CallsDeps } from './calls.ts';
import { h2LimitsOf } from './h2-limits.ts';
import { createHealthService } from './health.ts';
import { notHttp2 } from './not-http2.ts';
import type { OtherCalls } from './other-calls.ts';
import { reflectionBindings } from './reflection.ts';
import { routesOf } from './routes.ts';

/** The connections of one port that speak HTTP/2. */
export interface Wire {
  /** Serves a socket, which must not have been read. */
  accept(socket: Socket): void;
  /** Sets what the health service reports. */
  setServing(serving: boolean): void;
  /** Lets calls end within the grace, in milliseconds, and closes all connections. */
  stop(graceMs: number): Promise<void>;
}

/** Serves gRPC with health and reflection, and the others where there are some. */
export function createWire(deps: GrpcDeps, others?: OtherCalls): Wire {
  const { bindings, limits, onBug, guard = ownGuard(limits), probes = alwaysReady } = deps;
  const { door = 'grpc', access } = deps;
  const services = bindings.map(({ service }) => service);
  const health = createHealthService(services.map(({ typeName }) => typeName));
  const reflection = reflectionBindings([...services, health.binding.service]);
  const routes = routesOf([...bindings, health.binding, ...reflection], door);
  const deadlines = createCallDeadlines(limits, probes, onBug, () =>
    guard.unreadClosed('deadline'),
  );
  const streams: CallsDeps['streams'] = new Set();
  const open: CallsDeps['open'] = new Set();
  const shared = { routes, limits, deadlines, streams, open, guard, probes, onBug, others, access };
  const server = createH2Server({
    limits: h2LimitsOf(limits),
    createHandler: connection => new Calls(shared, connection),
    onFault(fault, address = '') {
      if (fault === 'tls') guard.spokeTls(sourceOf(address));
      else guard.faulted(fault);
    },
    onBug: error => onBug(error, randomUUID()),
    notHttp2: Buffer.from(notHttp2),
  });
  const unwatch = guard.unread.watch(() => open, guard.unreadClosed);
  return {
    accept: server.accept,
    setServing: health.setServing,
    async stop(graceMs) {
      health.setServing(false);
      // Those who watch its health learn of the stop before their streams end.
      await new Promise(setImmediate);
      for (const call of streams) call.stop();
      await within(graceMs, server.goAway(), server.destroy);
      deadlines.stop();
      unwatch();
    },
  };
}
