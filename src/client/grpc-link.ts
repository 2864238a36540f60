/** Connects by gRPC over HTTP/2, on Node. */

import type { Http2Session } from 'node:http2';
import {
  createGrpcTransport,
  type GrpcTransportOptions,
  Http2SessionManager,
} from '@connectrpc/connect-node';
import type { Link } from './links.ts';
import { type TlsSource, tlsConnect } from './tls-connect.ts';

/** How long a connection without calls stays open, in milliseconds. */
const idleMs = 15 * 60_000;
const messageBytesMax = 16_777_216;

/** Takes "host:port", "http://host:port", or "https://host:port", for which the TLS options are. */
export function connectByGrpc(address: string, tls: TlsSource = {}): Link {
  const baseUrl = /^https?:\/\//.test(address) ? address : `http://${address}`;
  // No pings: one that is due on a session just destroyed throws an uncaught exception, which would
  // end the process. The watch's heartbeats detect a dead connection as well.
  const pings = {
    pingIntervalMs: Number.POSITIVE_INFINITY,
    pingIdleConnection: false,
    idleConnectionTimeoutMs: idleMs,
  };
  const open = baseUrl.startsWith('https://') ? tlsConnect(baseUrl, tls) : undefined;
  const options = open === undefined ? undefined : { createConnection: () => open('h2') };
  const sessionManager = new Http2SessionManager(baseUrl, pings, options);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: withoutUncaught(sessionManager),
    acceptCompression: [],
    readMaxBytes: messageBytesMax,
    writeMaxBytes: messageBytesMax,
  });
  const end = () => sessionManager.abort();
  return { transport, streams: true, reset: end, close: end };
}

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;

/**
 * A session that broke emits its error a moment after its calls have failed. A call in between makes the
 * manager connect again and stop listening to that session, so that the error would be uncaught and
 * end the process.
 */
function withoutUncaught(manager: Http2SessionManager): SessionManager {
  const heard = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...call) {
      const stream = await manager.request(...call);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on('error', () => undefined);
      }
      return stream;
    },
    notifyResponseByteRead: stream => manager.notifyResponseByteRead(stream),
  };
}
