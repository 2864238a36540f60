/** The listeners: which address serves what. */

import type { IncomingMessage } from 'node:http';
import type { Manager } from '../manager/manager.ts';
import type { Config } from '../settings/config.ts';
import { createConnectDoor } from '../transport/connect/listener.ts';
import { doorRoutes, envoyBinding } from '../transport/doors/doors.ts';
import { rootRoute } from '../transport/doors/root.ts';
import { createGrpcListener, type GrpcListener } from '../transport/grpc/listener.ts';
import { answerError } from '../transport/http/answer.ts';
import { clientAddress, trustsRanges } from '../transport/http/client-address.ts';
import type { HttpLimits } from '../transport/http/limits.ts';
import { createHttpListener } from '../transport/http/listener.ts';
import { metricsRoute } from '../transport/http/metrics-route.ts';
import { probeRoutes } from '../transport/http/probes.ts';
import type { Route } from '../transport/http/router.ts';
import type { OnBug } from '../transport/rpc/failure.ts';
import type { Listener } from '../transport/rpc/listener.ts';
import type { OnVerdict } from '../transport/services/verifier.ts';
import type { Rooms } from './core.ts';
import { limitsOf } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { Services } from './services.ts';

/** What the listeners serve. */
export interface ListenerParts {
  rooms: Rooms;
  services: Services;
  manager: Manager;
  metrics: Metrics;
  /** Why calls should go elsewhere. */
  unreadiness(): readonly string[];
  now(): number;
  onVerdict: OnVerdict;
  onBug: OnBug;
}

/** The three listeners, none of which listens yet. */
export interface Listeners {
  grpc: GrpcListener;
  http: Listener;
  manager: Listener;
}

/** Makes them. */
export function createListeners(config: Config, parts: ListenerParts): Listeners {
  const { services, onBug, onVerdict, now } = parts;
  const limits = limitsOf(config);
  const probes = probeRoutes(parts);
  const connect = createConnectDoor({
    bindings: services.verifier,
    limits: limits.http,
    onBug,
    cors: true,
    requireProtocolHeader: false,
  });
  const managerDoor = createConnectDoor({
    bindings: services.manager,
    limits: limits.http,
    onBug,
    door: 'manager',
    cors: false,
    requireProtocolHeader: false,
  });
  const { verify } = parts.rooms;
  const root = rootRoute({ verify, now, onVerdict });
  return {
    grpc: createGrpcListener({
      bindings: [...services.verifier, envoyBinding({ verify, onVerdict })],
      limits: limits.grpc,
      onBug,
    }),
    http: createHttpListener({
      routes: [root, ...probes, ...gatewayDoors(config, limits.http, parts), ...connect.routes],
      limits: limits.http,
      corsOrigins: config.corsOrigins,
      onBug,
      onStop: connect.endStreams,
    }),
    manager: createHttpListener({
      routes: [
        ...probes,
        metricsRoute(parts.metrics),
        ...managerDoor.routes,
        webRoute(parts.manager),
      ],
      limits: limits.http,
      corsOrigins: [],
      onBug,
      onStop: managerDoor.endStreams,
    }),
  };
}

/** The gateways' doors on the HTTP listener. */
function gatewayDoors(
  { trustedProxies }: Config,
  limits: HttpLimits,
  { rooms, onVerdict }: ListenerParts,
): Route[] {
  const trusts = trustsRanges(trustedProxies.map(([first, bits]) => [first.toString(), bits]));
  const addressOf = (req: IncomingMessage) => clientAddress(req, trusts);
  return doorRoutes({ ...rooms, onVerdict, limits, addressOf });
}

/** Everything else on the manager port: the web app and its session. */
function webRoute(manager: Manager): Route {
  return {
    path: '/',
    prefix: true,
    methods: 'any',
    handle: async (req, res) => {
      if (!(await manager.handle(req, res))) answerError(res, 404, 'not found');
    },
  };
}
