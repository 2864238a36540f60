/**
 * The gRPC listener on grpc-js as it is: handlers, options, and its own health and reflection services.
 * docs/running.md says what it lacks.
 */

import { createServer, type Socket } from 'node:net';
import type { ChannelOptions, UntypedServiceImplementation } from '@grpc/grpc-js';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import { awakeTimeout } from '../../timing/awake.ts';
import { endStalled, movedBytes } from '../../timing/stalled.ts';
import { noClientNames } from '../rpc/call.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import { createShares, limitConnections, ownGuard } from '../rpc/guard.ts';
import { listenOn, within } from '../rpc/listener.ts';
import { shuttingDownText } from '../rpc/rpc-error.ts';
import { createTlsFront, type PeerSocket } from '../tls/front.ts';
import type { MaybeTls } from '../tls/listener-tls.ts';
import { limitDeadlines } from './deadline.ts';
import { createHealth } from './health.ts';
import type { GrpcService, Streams } from './methods.ts';
import { grpcService } from './methods.ts';
import { createReflection } from './reflection.ts';

/** The window of a stream that grpc-js leaves at Node's default, in bytes. */
const windowBytes = 65_535;

/** Creates the listener; it serves once `listen` has resolved. */
export function createGrpcListener(deps: GrpcDeps & MaybeTls): GrpcListener {
  const { bindings, limits, onBug, guard = ownGuard(limits), tls, access } = deps;
  // grpc-js would write headers that it cannot read to standard error, tokens among them.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    ...optionsOf(limits),
    interceptors: [limitDeadlines(limits)],
  });
  const streams: Streams = new Set();
  const running = { count: 0 };
  /** The names of the client certificates of open connections. */
  const namesByPeer = new Map<string, readonly string[]>();
  const services = bindings.map(({ service }) => service);
  const health = createHealth(services.map(({ typeName }) => typeName));
  for (const binding of bindings) {
    const { definition, implementation } = grpcService(binding, {
      ...{ streams, running, onBug, access },
      clientNamesAt: peer => namesByPeer.get(peer) ?? noClientNames,
    });
    server.addService(definition, implementation);
  }
  const readyMade = {
    addService(
      definition: GrpcService['definition'],
      implementation: UntypedServiceImplementation,
    ) {
      server.addService(definition, endedWithServer(definition, implementation, streams));
    },
  };
  health.addToServer(readyMade);
  createReflection(services).addToServer(readyMade);

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  // To grpc-js, whose own credentials lack most of these rules, the connection is one without TLS.
  const serve = (socket: PeerSocket, raw: Socket) => {
    sockets.delete(raw);
    track(socket);
    const { clientNames, remoteAddress, remotePort } = socket;
    if (clientNames !== undefined) {
      const peer = `${remoteAddress}:${remotePort}`;
      namesByPeer.set(peer, clientNames);
      socket.once('close', () => namesByPeer.delete(peer));
    }
    injector.injectConnection(socket);
  };
  const front = tls && createTlsFront({ tls, protocols: ['h2'], guard, serve });
  const sock = createServer({ noDelay: true, allowHalfOpen: false }, socket => {
    if (!mayStay(socket)) return;
    track(socket);
    if (front === undefined) injector.injectConnection(socket);
    else front.accept(socket);
  });
  limitConnections(sock, limits.connectionsMax, guard);

  const stop = async (graceMs: number) => {
    health.setServing(false);
    sock.close();
    await front?.stop(limits.stopPrefaceMs);
    // Its sockets say when it is over: grpc-js itself waits without end for a session that is
    // destroyed at the moment of the stop.
    const closed = [...sockets].map(
      socket => new Promise<void>(resolve => socket.once('close', () => resolve())),
    );
    for (const end of streams) end();
    for (const socket of sockets) lastWord(socket, limits);
    // It does not tell which connection a handler works for.
    const waitsForPeer = (socket: Socket) => running.count === 0 || socket.writableLength > 0;
    const stopLooking = endStalled<Socket>(
      () => sockets,
      { waitsForPeer, moved: movedBytes },
      limits.lastWordMs,
    );
    server.tryShutdown(() => undefined);
    await within(graceMs, Promise.all(closed), () => {
      server.forceShutdown();
      // With channelz off, grpc-js cannot force its sessions closed.
      for (const socket of sockets) socket.destroy();
    });
    stopLooking();
  };
  let stopping: Promise<void> | undefined;
  return {
    listen: address => listenOn(sock, address),
    connections: () => sockets.size,
    stop: graceMs => {
      stopping ??= stop(graceMs);
      return stopping;
    },
    setServing: health.setServing,
  };
}

/** Closes a socket that has said its last word to a peer that does not close its end: frozen, or gone. */
function lastWord(socket: Socket, { lastWordMs }: GrpcLimits): void {
  const destroy = () => void awakeTimeout(() => socket.destroy(), lastWordMs);
  if (socket.writableFinished) destroy();
  else socket.once('finish', destroy);
}

/** Every option of grpc-js that limits something. */
function optionsOf(limits: GrpcLimits): ChannelOptions {
  return {
    'grpc.max_receive_message_length': limits.receiveBytesMax,
    'grpc.max_send_message_length': limits.sendBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.max_connection_age_ms': limits.connectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.connectionAgeGraceMs,
    'grpc.max_connection_idle_ms': limits.connectionIdleMs,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.enable_channelz': 0,
    'grpc-node.max_session_memory': sessionMb(limits),
  };
}

/** Room for the answers of a connection that are not read, and for a full window of each stream. */
function sessionMb({ unread, streamsPerConnectionMax }: GrpcLimits): number {
  const bytes = unread.connectionBytesMax + streamsPerConnectionMax * windowBytes;
  return Math.ceil(bytes / 1_048_576);
}

/** Has the streams of health and reflection end when the server stops. */
function endedWithServer(
  definition: GrpcService['definition'],
  implementation: UntypedServiceImplementation,
  streams: Streams,
): UntypedServiceImplementation {
  const ended: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name] ?? implementation[method.originalName ?? ''];
    if (!handler) throw new Error(`${method.path} has no handler`);
    ended[name] = method.responseStream ? endedStream(handler, streams) : handler;
  }
  return ended;
}

function endedStream(
  handler: UntypedServiceImplementation[string],
  streams: Streams,
): UntypedServiceImplementation[string] {
  const serve = handler as (stream: ReadyMadeStream) => void;
  return ((stream: ReadyMadeStream) => {
    const end = () =>
      stream.emit('error', { code: status.UNAVAILABLE, details: shuttingDownText, message: '' });
    streams.add(end);
    stream.once('cancelled', () => streams.delete(end));
    serve(stream);
  }) as UntypedServiceImplementation[string];
}

/** What is used of a stream. */
interface ReadyMadeStream {
  emit(event: string, value: unknown): boolean;
  once(event: string, listener: () => void): unknown;
}
