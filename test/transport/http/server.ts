/** An HTTP listener with the verifier, the root path and the probes, for tests. */

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createConnectDoor } from '../../../src/transport/connect/listener.ts';
import { rootRoute } from '../../../src/transport/doors/root.ts';
import type { HttpLimits } from '../../../src/transport/http/limits.ts';
import { createHttpListener, type HttpDeps } from '../../../src/transport/http/listener.ts';
import { probeRoutes } from '../../../src/transport/http/probes.ts';
import { type Guard, ownGuard } from '../../../src/transport/rpc/guard.ts';
import { type ProbeDeps, pinged } from '../../../src/transport/rpc/probes.ts';
import type { VerifierDeps } from '../../../src/transport/services/verifier.ts';
import { defaultLimits } from '../../limits.ts';
import { now, verifierBinding, verify } from '../fakes.ts';
import { withHttp2 } from './http2.ts';

export interface Setup {
  limits?: Partial<HttpLimits>;
  corsOrigins?: HttpDeps['corsOrigins'];
  corsHeaders?: HttpDeps['corsHeaders'];
  verifier?: Partial<VerifierDeps>;
  unreadiness?: () => readonly string[];
  degraded?: ProbeDeps['degraded'];
  requireProtocolHeader?: boolean;
  guard?: Guard;
}

export async function startHttp(setup: Setup = {}) {
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => bugs.push(error);
  const limits = { ...defaultLimits.http, ...setup.limits };
  const { guard = ownGuard(limits) } = setup;
  const bindings = [verifierBinding(setup.verifier)];
  const door = createConnectDoor({
    bindings,
    limits,
    onBug,
    cors: true,
    requireProtocolHeader: setup.requireProtocolHeader ?? false,
    guard,
  });
  const probes: ProbeDeps = {
    unreadiness: setup.unreadiness ?? (() => []),
    degraded: setup.degraded ?? (() => []),
  };
  const listener = createHttpListener({
    ...withHttp2({ bindings, onBug, guard }, setup.limits),
    guard,
    routes: [
      rootRoute({ verify: setup.verifier?.verify ?? verify, addressOf: () => '', now }),
      ...probeRoutes(probes),
      ...door.routes,
    ],
    limits,
    corsOrigins: setup.corsOrigins ?? '*',
    corsHeaders: setup.corsHeaders ?? [],
    ping: () => pinged(probes),
    onBug,
    onStop: door.endStreams,
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { listener, port, bugs, url: `http://127.0.0.1:${port}` };
}

/** Sends bytes and reads all that comes until the server closes. */
export function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes, 'latin1');
  return text(socket);
}
