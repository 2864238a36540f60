/** An HTTP listener with limits on all input, which stops without breaking requests in flight. */

import { createServer, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { awakeTimeout } from '../../timing/awake.ts';
import { endStalled, movedBytes, type Stalling } from '../../timing/stalled.ts';
import { sourceOf } from '../../tokens/source.ts';
import { createShares, type Guard, limitConnections, ownGuard } from '../rpc/guard.ts';
import type { Listener } from '../rpc/listener.ts';
import { listenOn, within } from '../rpc/listener.ts';
import { createTlsFront, type Protocol } from '../tls/front.ts';
import type { ListenerTls, MaybeTls } from '../tls/listener-tls.ts';
import { beginsTls } from '../tls/plain-text.ts';
import { connectionAges } from './connection-age.ts';
import { allowedHeaders, type CorsSettings } from './cors.ts';
import { type BeginExchange, createExchanges } from './exchange.ts';
import { lateConnections } from './late.ts';
import type { HttpLimits } from './limits.ts';
import { createPipelines } from './pipelines.ts';
import { decideProtocol } from './protocol.ts';
import { httpReaders } from './readers.ts';
import { type RequestDeps, requestFunction } from './request.ts';

/** Serves HTTP/2 for a listener. */
export interface Http2 {
  /** Serves a socket, which must not have been read. */
  accept(socket: Socket): void;
  /** Lets requests end within the grace, in milliseconds, and closes all connections. */
  stop(graceMs: number): Promise<void>;
}

/** What an HTTP listener needs. */
export interface HttpDeps extends Omit<RequestDeps, 'cors'>, MaybeTls {
  limits: HttpLimits;
  /** Origins that may call routes with `cors`; "*" for any. */
  corsOrigins: readonly string[] | '*';
  /** Request headers that their pages may send besides the usual ones; absent for none. */
  corsHeaders?: readonly string[];
  /** Called when a stop begins, to end streams that would outlast it. */
  onStop?(): void;
  /** Shared with other listeners; absent where there are none. */
  guard?: Guard;
  /** Creates what serves HTTP/2, with what begins its exchanges; absent where there is HTTP/1.1 alone. */
  createHttp2?(begin: BeginExchange): Http2;
}

/** Creates the listener; it serves once `listen` has resolved. */
export function createHttpListener(deps: HttpDeps): Listener {
  const { limits, onStop, guard = ownGuard(deps.limits), tls } = deps;
  const sockets = new Set<Socket>();
  const http1Sockets = new Set<Socket>();
  /** Those that HTTP/2 does not serve. */
  const ownSockets = new Set<Socket>();
  const late = lateConnections();
  const mayStay = createShares(limits.connectionsPerSourceMax, guard);
  const ages = connectionAges(limits.connectionAgeMs);
  let stopping: Promise<void> | undefined;
  /** Set during a stop, after which idle connections are closed at once. */
  let drained = false;

  const answer = requestFunction({ ...deps, cors: corsOf(deps) });
  const wait = createPipelines(guard);
  const server = createServer(serverOptions(limits), (req, res) => {
    const isBehind = late.isAnswering(req.socket);
    late.begin(req);
    if (stopping || ages.isOld(req.socket)) res.shouldKeepAlive = false;
    res.on('close', onClose);
    if (isBehind) wait(req, () => answer(req, res));
    else answer(req, res);
  });
  /** One function for all responses, to save a closure each. */
  function onClose(this: ServerResponse) {
    late.end(this);
    if (drained) server.closeIdleConnections();
  }
  limitConnections(server, limits.connectionsMax, guard);
  // Beyond a count, Node would drop headers silently; headerBytesMax limits them.
  server.maxHeadersCount = 0;
  server.setTimeout(limits.silenceMs);
  // With a listener, node:http leaves to it what becomes of connections that idle or stand still.
  server.on('timeout', late.judgeSilence);
  server.on('clientError', (error: ClientError, socket) => {
    if (error.rawPacket !== undefined && beginsTls(error.rawPacket)) {
      guard.spokeTls(sourceOf((socket as Socket).remoteAddress ?? ''));
    }
    const refuse = () => answerBroken(error, socket, late.isAnswering(socket));
    if (error.code === lateCode) late.judgeRequest(socket as Socket, limits.checkMs, refuse);
    else refuse();
  });
  const http1 = (socket: Socket) => {
    http1Sockets.add(socket);
    socket.once('close', () => http1Sockets.delete(socket));
    ages.watch(socket);
  };
  const http2 = deps.createHttp2?.(createExchanges({ serve: answer, limits, guard }));
  const accept = acceptance(
    server,
    limits,
    http1,
    http2 &&
      (socket => {
        ownSockets.delete(socket);
        http2.accept(socket);
      }),
  );
  const track = (socket: Socket) => {
    for (const each of [sockets, ownSockets]) {
      each.add(socket);
      socket.once('close', () => each.delete(socket));
    }
  };
  const front =
    tls &&
    createTlsFront({
      tls,
      protocols: protocolsOf(tls, http2),
      guard,
      serve(socket, raw) {
        sockets.delete(raw);
        track(socket);
        accept(socket);
      },
    });
  server.on('connection', socket => {
    if (!mayStay(socket)) return;
    track(socket);
    if (front === undefined) accept(socket);
    else front.accept(socket);
  });

  const readers = httpReaders(http1Sockets, limits.deadlineMsMax, () =>
    guard.unreadClosed('deadline'),
  );
  const unwatch = guard.unread.watch(readers, guard.unreadClosed);

  const stalling: Stalling<Socket> = {
    waitsForPeer: socket => socket.writableLength > 0 || late.waitsForCaller(socket),
    moved: movedBytes,
  };
  const stop = async (graceMs: number) => {
    const closed = [...sockets].map(
      socket => new Promise<void>(resolve => socket.once('close', () => resolve())),
    );
    // http.Server's close would also close idle connections, on which a request may be on its way.
    NetServer.prototype.close.call(server);
    const drain = () => {
      drained = true;
      server.close();
      // Node 24 does not count a connection that has sent nothing yet as idle.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    };
    const idling = awakeTimeout(drain, limits.stopIdleMs);
    const stopLooking = endStalled(() => ownSockets, stalling, limits.stopSilenceMs);
    onStop?.();
    const ended = Promise.all([...closed, front?.stop(limits.stopIdleMs), http2?.stop(graceMs)]);
    await within(graceMs, ended, () => {
      for (const socket of sockets) socket.destroy();
    });
    idling.clear();
    stopLooking();
    drain();
    unwatch();
  };

  return {
    listen: address => listenOn(server, address),
    connections: () => sockets.size,
    stop: graceMs => {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/**
 * A function that accepts a connection of either version of HTTP, in place of node:http's own, which
 * gets those of HTTP/1.1.
 */
function acceptance(
  server: Server,
  { headersMs, checkMs }: HttpLimits,
  onHttp1: (socket: Socket) => void,
  onHttp2: ((socket: Socket) => void) | undefined,
): (socket: Socket) => void {
  const own = server.listeners('connection');
  server.removeAllListeners('connection');
  const serveHttp1 = (socket: Socket) => {
    // As node:http has it: a caller may end its side behind its request.
    socket.allowHalfOpen = true;
    onHttp1(socket);
    for (const listener of own) listener.call(server, socket);
  };
  if (onHttp2 === undefined) return serveHttp1;
  const serveHttp2 = (socket: Socket) => {
    socket.allowHalfOpen = false;
    onHttp2(socket);
  };
  return accepted => {
    if (accepted instanceof TLSSocket) {
      // RFC 9113 section 3.2: ALPN has decided.
      return accepted.alpnProtocol === 'h2' ? serveHttp2(accepted) : serveHttp1(accepted);
    }
    decideProtocol(accepted, headersMs + checkMs, {
      http1: serveHttp1,
      http2: serveHttp2,
      silent(socket, isLate) {
        const code = isLate ? lateCode : undefined;
        if (socket.bytesRead > 0 || isLate) answerBroken({ code }, socket, false);
        // Nothing else would end a connection whose peer keeps its side open.
        socket.destroySoon();
      },
    });
  };
}

/** What the listener speaks over TLS, the best one first. */
function protocolsOf({ prefersHttp1 }: ListenerTls, http2: Http2 | undefined): Protocol[] {
  if (http2 === undefined) return ['http/1.1'];
  return prefersHttp1 ? ['http/1.1', 'h2'] : ['h2', 'http/1.1'];
}

function corsOf({ corsOrigins, corsHeaders = [], limits }: HttpDeps): CorsSettings {
  const { preflightSeconds } = limits;
  return { origins: corsOrigins, headers: allowedHeaders(corsHeaders), preflightSeconds };
}

/** Every option of node:http that limits something. */
function serverOptions(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.connectionIdleMs,
    insecureHTTPParser: false,
    // A repeated Authorization or Host is joined by a comma, and so is invalid.
    joinDuplicateHeaders: true,
    // faultOf checks it with a reason in the response, for HTTP/1.0 too.
    requireHostHeader: false,
    // Requests without a body end at once.
    optimizeEmptyRequests: true,
    noDelay: true,
    keepAlive: true,
  };
}

/** Node's code for a request whose headers or body are late. */
const lateCode = 'ERR_HTTP_REQUEST_TIMEOUT';

/** An error of node:http in what a client sent. */
interface ClientError extends NodeJS.ErrnoException {
  /** What it was reading. */
  rawPacket?: Buffer;
}

/** Answers bytes that are not a valid request, by the code of Node's error. */
function answerBroken(error: { code?: string | undefined }, socket: Duplex, busy: boolean): void {
  if (busy || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, text] = brokenStatus(error.code);
  const body = JSON.stringify({ error: text });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function brokenStatus(code: string | undefined): [status: string, text: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'headers are too long'];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return ['413 Payload Too Large', 'chunk extensions are too long'];
    case lateCode:
      return ['408 Request Timeout', 'request took too long'];
    default:
      return ['400 Bad Request', 'request is malformed'];
  }
}
