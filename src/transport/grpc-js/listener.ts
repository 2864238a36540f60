/** The gRPC listener. It accepts the sockets itself and injects each into grpc-js. */

import type { ServerOptions } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ChannelOptions, UntypedServiceImplementation } from '@grpc/grpc-js';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import { awakeTimeout } from '../../timing/awake.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import type { GrpcDeps, GrpcListener } from '../rpc/grpc-listener.ts';
import type { CallTimes } from '../rpc/grpc-timeout.ts';
import { createShares, type Guard, limitConnections, ownGuard } from '../rpc/guard.ts';
import type { Address, Listener } from '../rpc/listener.ts';
import { within } from '../rpc/listener.ts';
import { alwaysReady } from '../rpc/probes.ts';
import { shuttingDownText } from '../rpc/rpc-error.ts';
import { createHealth } from './health.ts';
import { closeIdle } from './idle.ts';
import type { GrpcService, Streams } from './methods.ts';
import { grpcService } from './methods.ts';
import { createPlainPath, type PlainPath } from './plain-http.ts';
import { awaitPreface } from './preface.ts';
import { grpcReaders } from './readers.ts';
import { createReflection } from './reflection.ts';
import { findSessions, type Take } from './sessions.ts';
import { createUnaryPath, type UnaryPath } from './unary.ts';

/** Creates the listener; it serves once `listen` has resolved. */
export function createGrpcListener(deps: GrpcDeps): GrpcListener {
  const { bindings, limits, onBug, guard = ownGuard(deps.limits) } = deps;
  // grpc-js would write headers that it cannot read to standard error, tokens among them.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server(serverOptions(limits));
  readBlanks(server);
  const streams: Streams = new Set();
  const streaming = new Set<string>();
  const health = createHealth(bindings.map(({ service }) => service.typeName));
  const add = ({ definition, implementation }: GrpcService) => {
    server.addService(definition, implementation);
    for (const { path, requestStream, responseStream } of Object.values(definition)) {
      if (requestStream || responseStream) streaming.add(path);
    }
  };
  for (const binding of bindings) add(grpcService(binding, streams, onBug));
  const readyMade = {
    addService: (
      definition: GrpcService['definition'],
      implementation: UntypedServiceImplementation,
    ) => add({ definition, implementation: guarded(definition, implementation, streams) }),
  };
  health.addToServer(readyMade);
  createReflection(bindings.map(({ service }) => service)).addToServer(readyMade);

  const times = {
    deadlineMs: limits.deadlineMs,
    deadlineMsMax: limits.deadlineMsMax,
    isStreaming: (path: string) => streaming.has(path),
  };
  const unary = createUnaryPath(bindings, limits, onBug, guard);
  const plain = createPlainPath(deps.probes ?? alwaysReady, limits.halfOpenMs);
  const listener = listenerOf(server, limits, times, streams, health, unary, plain, guard);
  return { ...listener, setServing: health.setServing };
}

/** Every option of grpc-js that limits something. */
function serverOptions(limits: GrpcLimits): ChannelOptions {
  return {
    'grpc.max_receive_message_length': limits.receiveBytesMax,
    'grpc.max_send_message_length': limits.sendBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.enable_channelz': 0,
    'grpc-node.max_session_memory': limits.connectionMemoryMbMax,
  };
}

/**
 * Has Node hand over header values with blanks around them, as other doors do: by default it drops
 * such a header without a word, and a token with a trailing space would count as missing. grpc-js
 * passes these options to Node, and has no option of its own for this one.
 */
function readBlanks(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions: ServerOptions };
  commonServerOptions.strictFieldWhitespaceValidation = false;
}

function listenerOf(
  server: Server,
  limits: GrpcLimits,
  times: CallTimes,
  streams: Streams,
  health: { setServing(serving: boolean): void },
  unary: UnaryPath,
  plain: PlainPath,
  guard: Guard,
): Listener {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  /** Sockets before the preface; each promise resolves on preface or close. */
  const silent = new Map<Socket, Promise<void>>();
  const take: Take = (stream, headers, account) =>
    plain.take(stream, headers) || unary.take(stream, headers, account);
  const sessions = findSessions(times, limits, take, guard.unread.account);
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  const unwatch = guard.unread.watch(
    () => grpcReaders(unary.open(), sessions.open()),
    guard.unreadClosed,
  );
  const sock = createServer({ noDelay: true, allowHalfOpen: false }, socket => {
    if (!mayStay(socket)) return;
    const heard = Promise.withResolvers<void>();
    sockets.add(socket);
    silent.set(socket, heard.promise);
    socket.once('close', () => {
      sockets.delete(socket);
      silent.delete(socket);
      heard.resolve();
    });
    awaitPreface(socket, limits.prefaceMs, ready => {
      silent.delete(ready);
      heard.resolve();
      sessions.expect(ready, closeIdle(ready, limits.connectionIdleMs));
      injector.injectConnection(ready);
    });
  });
  limitConnections(sock, limits.connectionsMax, guard);

  /**
   * Waits for the preface of sockets that connected just before the stop: as sessions, they get a
   * GOAWAY. Those that stay silent are destroyed.
   */
  const endSilent = async () => {
    const destroy = () => {
      for (const socket of silent.keys()) socket.destroy();
    };
    const timer = awakeTimeout(destroy, limits.stopPrefaceMs);
    await Promise.all(silent.values());
    timer.clear();
  };
  let stopping: Promise<void> | undefined;
  const stop = async (graceMs: number) => {
    health.setServing(false);
    sock.close();
    const closed = [...sockets].map(
      socket => new Promise<void>(resolve => socket.once('close', () => resolve())),
    );
    for (const end of streams) end();
    // Its sockets say when it is over: grpc-js itself waits without end for a session that is destroyed
    // at the moment of the stop.
    const told = endSilent().then(() => server.tryShutdown(() => undefined));
    await within(graceMs, Promise.all([...closed, told]), () => {
      server.forceShutdown();
      // With channelz off, grpc-js tracks no sessions and cannot force them closed.
      for (const socket of sockets) socket.destroy();
    });
    sessions.stop();
    unary.stop();
    plain.stop();
    unwatch();
  };

  return {
    listen: ({ host, port }: Address) =>
      new Promise<AddressInfo>((resolve, reject) => {
        sock.once('error', reject);
        sock.listen({ host, port }, () => {
          sock.off('error', reject);
          resolve(sock.address() as AddressInfo);
        });
      }),
    connections: () => sockets.size,
    stop: graceMs => {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/**
 * Wraps the streams of health and reflection: they end when the server stops, and requests are read
 * no faster than responses are sent.
 */
function guarded(
  definition: GrpcService['definition'],
  implementation: UntypedServiceImplementation,
  streams: Streams,
): UntypedServiceImplementation {
  const guard: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name] ?? implementation[method.originalName ?? ''];
    if (!handler) throw new Error(`${method.path} has no handler`);
    guard[name] = method.responseStream ? guardedStream(handler, streams) : handler;
  }
  return guard;
}

function guardedStream(
  handler: UntypedServiceImplementation[string],
  streams: Streams,
): UntypedServiceImplementation[string] {
  const serve = handler as (stream: GuardedStream) => void;
  return ((stream: GuardedStream) => {
    const end = () =>
      stream.emit('error', { code: status.UNAVAILABLE, details: shuttingDownText, message: '' });
    streams.add(end);
    stream.once('cancelled', () => streams.delete(end));
    const write = stream.write.bind(stream);
    stream.write = (message: unknown) => {
      const room = write(message);
      if (!room && stream.pause) {
        stream.pause();
        stream.once('drain', () => stream.resume?.());
      }
      return room;
    };
    serve(stream);
  }) as UntypedServiceImplementation[string];
}

/** What the guard uses of a stream; only bidirectional ones have `pause` and `resume`. */
interface GuardedStream {
  emit(event: string, value: unknown): boolean;
  once(event: string, listener: () => void): unknown;
  write(message: unknown): boolean;
  pause?(): unknown;
  resume?(): unknown;
}
