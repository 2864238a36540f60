/** Creates the listeners and decides what each of them serves. */

import type { Logger } from '../log.ts';
import type { Manager } from '../manager/manager.ts';
import type { Config } from '../settings/config.ts';
import type { Degraded } from '../store/health.ts';
import { createConnectDoor } from '../transport/connect/listener.ts';
import { doorRoutes, envoyBinding, marksOfChecked } from '../transport/doors/doors.ts';
import { leakRoutes } from '../transport/doors/leaks.ts';
import { rootRoute } from '../transport/doors/root.ts';
import { createH2GrpcListener } from '../transport/grpc/listener.ts';
import type { OtherCalls } from '../transport/grpc/other-calls.ts';
import { reflectionBindings } from '../transport/grpc/reflection.ts';
import { createWire, type Wire } from '../transport/grpc/wire.ts';
import { heldBody } from '../transport/http/held-body.ts';
import { answersToHosts, onlyForHosts, otherHostText } from '../transport/http/hosts.ts';
import type { HttpLimits } from '../transport/http/limits.ts';
import { createHttpListener, type HttpDeps } from '../transport/http/listener.ts';
import type { HttpRequest } from '../transport/http/message.ts';
import { metricsRoute } from '../transport/http/metrics-route.ts';
import { observedRoute, tracedRoute } from '../transport/http/observed-route.ts';
import { openapiRoute } from '../transport/http/openapi-route.ts';
import { probeRoutes } from '../transport/http/probes.ts';
import type { Route } from '../transport/http/router.ts';
import { clientOf, type Origins, type Trusts } from '../transport/rpc/client-address.ts';
import type { OnBug } from '../transport/rpc/failure.ts';
import type { GrpcLimits } from '../transport/rpc/grpc-limits.ts';
import type { GrpcDeps, GrpcListener } from '../transport/rpc/grpc-listener.ts';
import type { Guard } from '../transport/rpc/guard.ts';
import type { Binding } from '../transport/rpc/handlers.ts';
import type { Listener } from '../transport/rpc/listener.ts';
import { observedBindings } from '../transport/rpc/observed.ts';
import { pinged } from '../transport/rpc/probes.ts';
import { RpcError } from '../transport/rpc/rpc-error.ts';
import type { ListenerTls, TlsLimits } from '../transport/tls/listener-tls.ts';
import type { TicketSecret } from '../transport/tls/ticket-keys.ts';
import type { Certificates } from './certificates.ts';
import type { Core } from './core.ts';
import { connectionsFor, openFilesMax } from './descriptors.ts';
import { createGuards, type ListenerName } from './guards.ts';
import { collectGarbage, heapBytes } from './heap.ts';
import { limitsOf } from './limits.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Observing } from './observing.ts';
import type { Services } from './services.ts';
import { webRoute } from './web-route.ts';

/** What the listeners serve. */
export interface ListenerParts {
  /** Verification, token operations and the store. */
  core: Core;
  /** The rpc services of each listener. */
  services: Services;
  /** Whether an address is a trusted proxy's. */
  trusts: Trusts;
  /** Finds clients behind trusted proxies. */
  origins: Origins;
  /** The web app. */
  manager: Manager;
  /** With what they speak TLS. */
  certificates: Certificates;
  /** The secret of session tickets. */
  tickets: TicketSecret;
  metrics: Metrics;
  observing: Observing;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Why the server should get no traffic; empty when it is ready. */
  unreadiness(): readonly string[];
  /** What does not work although verdicts are given. */
  degraded(): readonly Degraded[];
  /** Milliseconds since 1970. */
  now(): number;
  /** Called with each unexpected error. */
  onBug: OnBug;
}

/** The four listeners, before `listen`. */
export interface Listeners {
  /** gRPC: VerifierService, Envoy's Authorization, health and reflection. */
  grpc: GrpcListener;
  /** HTTP: the root path, Connect, gRPC-Web, gateways, OAuth and probes. */
  http: Listener;
  /** HTTP: the API Manager, its API, metrics and probes. */
  manager: Listener;
  /** HTTP: metrics and probes alone. */
  metrics: Listener;
  /** Sets what the health service of each reports. */
  setServing(serving: boolean): void;
}

/** The engines of the gRPC port. The other one is loaded only where it is asked for: it takes some 20 MB. */
const grpcEngines = {
  h2: async () => createH2GrpcListener,
  'grpc-js': async () => (await import('../transport/grpc-js/listener.ts')).createGrpcListener,
};

/** Creates the listeners with the limits of the configuration. */
export async function createListeners(config: Config, parts: ListenerParts): Promise<Listeners> {
  const createGrpcListener = await grpcEngines[config.grpcEngine]();
  const { services, onBug, now, metrics, log, observing } = parts;
  const { access } = observing;
  const accessOf = (name: ListenerName) => ({ access, name });
  const limits = limitsOf(config);
  const connections = connectionsFor(config, openFilesMax());
  if (connections.said !== undefined) log[connections.said.level](connections.said.text);
  const monotonicMs = () => performance.now();
  const guardOf = createGuards({
    limits: limits.http,
    isExempt: parts.trusts,
    metrics,
    log,
    monotonicMs,
    heap: { bytes: heapBytes, collect: collectGarbage },
  });
  const guards = {
    ...{ grpc: guardOf('grpc'), http: guardOf('http'), manager: guardOf('manager') },
    metrics: guardOf('metrics'),
  };
  // All of them count together.
  const { unread, requests } = guards.http;
  const { requestBytesMax, unread: unreadMax } = limits.http;
  metrics.memory('requestBytes', () => requests.bytes, requestBytesMax);
  metrics.memory('unreadAnswers', () => unread.bytes, unreadMax.processBytesMax);
  const probes = probeRoutes(parts);
  const ping = () => pinged(parts);
  /** With reflection, which tools that speak Connect ask over HTTP/2. */
  const described = (bindings: readonly Binding[]) => [
    ...bindings,
    ...reflectionBindings(bindings.map(({ service }) => service)),
  ];
  const connect = createConnectDoor({
    bindings: described(services.verifier),
    limits: limits.http,
    onBug,
    cors: true,
    requireProtocolHeader: false,
    guard: guards.http,
  });
  const managerDoor = createConnectDoor({
    bindings: described(services.manager),
    limits: limits.http,
    onBug,
    door: 'manager',
    cors: false,
    requireProtocolHeader: false,
    guard: guards.manager,
  });
  const { core } = parts;
  const { verify } = core;
  const answersTo = answersToHosts(managerNames(config));
  const wires: Wire[] = [];
  /** HTTP/2 on a port for HTTP: gRPC, and its routes. */
  const http2 = (
    own: Pick<GrpcDeps, 'bindings' | 'guard' | 'door'>,
    others?: Pick<OtherCalls, 'refusalOf'>,
  ) => {
    if (config.grpcEngine !== 'h2') return {};
    const createHttp2: HttpDeps['createHttp2'] = begin => {
      const wire = createWire(
        { limits: limits.grpc, onBug, probes: parts, access, ...own },
        { begin, ...others },
      );
      wires.push(wire);
      return wire;
    };
    return { createHttp2 };
  };
  const web = tracedRoute(webRoute(parts.manager), observing);
  const root = observedRoute(
    rootRoute({ verify, now, addressOf: req => parts.origins.request(req).address }),
    'root',
    observing,
  );
  const grpc = createGrpcListener({
    bindings: [
      ...services.verifier,
      ...observedBindings(
        [envoyBinding({ verify, admit: services.admit, trusts: parts.trusts })],
        observing,
        marksOfChecked,
      ),
    ],
    limits: withConnections(limits.grpc, connections.grpc, config),
    ...{ onBug, probes: parts, access },
    guard: guards.grpc,
    tls: tlsOf('grpc', parts, limits.tls),
  });
  return {
    grpc,
    setServing(serving) {
      for (const each of [grpc, ...wires]) each.setServing(serving);
    },
    http: createHttpListener({
      routes: [
        root,
        ...probes,
        openapiRoute(),
        ...gatewayDoors(limits.http, parts, guards.http),
        ...leakRoutes({
          ...{ ...core, ...core.leakReports, now, limits: limits.http, guard: guards.http },
          addressOf: req => parts.origins.request(req).address,
        }).map(route => tracedRoute(route, observing)),
        ...connect.routes,
      ],
      limits: withConnections(limits.http, connections.http, config),
      corsOrigins: config.corsOrigins,
      corsHeaders: config.corsHeaders,
      ...{ ping, onBug, access: accessOf('http') },
      guard: guards.http,
      tls: tlsOf('http', parts, limits.tls),
      onStop: connect.endStreams,
      ...http2({ bindings: services.verifier, guard: guards.http }),
    }),
    manager: createHttpListener({
      routes: [
        ...probes,
        metricsRoute(parts.metrics),
        ...onlyForHosts(
          [
            openapiRoute(),
            ...managerDoor.routes,
            heldBody(web, limits.manager.signInBodyBytesMax, guards.manager),
          ],
          answersTo,
        ),
      ],
      limits: withConnections(limits.http, connections.manager, config),
      corsOrigins: [],
      ...{ ping, onBug, access: accessOf('manager') },
      guard: guards.manager,
      tls: tlsOf('manager', parts, limits.tls),
      onStop: managerDoor.endStreams,
      ...http2(
        { bindings: services.manager, guard: guards.manager, door: 'manager' },
        { refusalOf: (host, address) => (answersTo(host, address) ? undefined : otherHost) },
      ),
    }),
    metrics: createHttpListener({
      routes: [...probes, metricsRoute(metrics)],
      limits: withConnections(limits.http, metricsConnectionsMax, config),
      ...{ corsOrigins: [], ping, onBug, guard: guards.metrics, access: accessOf('metrics') },
    }),
  };
}

/** With what a listener speaks TLS; undefined where it speaks plain text. */
function tlsOf(
  name: ListenerName,
  { certificates, tickets, now }: ListenerParts,
  limits: TlsLimits,
): ListenerTls | undefined {
  const isManager = name === 'manager';
  const source = isManager ? certificates.manager : certificates.public;
  if (source === undefined) return undefined;
  // Browsers speak both, and the web app is served over HTTP/1.1 alone.
  const [prefersHttp1, requiresClient] = [isManager, isManager];
  return { ...{ name, source, prefersHttp1, requiresClient }, ...{ tickets, limits, now } };
}

/** Scrapers and health checks, which are few. */
const metricsConnectionsMax = 64;

const otherHost = new RpcError('FAILED_PRECONDITION', otherHostText);

/** Limits with fewer connections, where the process may open too few files. */
function withConnections<L extends HttpLimits | GrpcLimits>(
  limits: L,
  connectionsMax: number,
  { connectionsPerSourceMax = Math.ceil(connectionsMax / 4) }: Config,
): L {
  return { ...limits, connectionsMax, connectionsPerSourceMax };
}

/** The routes for gateways and OAuth clients. */
function gatewayDoors(
  limits: HttpLimits,
  { core, origins, services: { admit }, observing }: ListenerParts,
  guard: Guard,
): Route[] {
  const deps = {
    ...{ ...core, admit, limits, guard },
    addressOf: (req: HttpRequest) => origins.request(req).address,
    sourceOf: (req: HttpRequest) => clientOf(origins.request(req)),
  };
  return doorRoutes(deps, observing);
}

/** The names that the API Manager answers to, besides those of the loopback interface. */
function managerNames({ managerListen, managerHosts }: Config): string[] {
  return managerListen === 'off' ? [] : [...managerHosts, managerListen.host.toLowerCase()];
}
