/** Connects by gRPC over HTTP/2, on Node. */

import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { Connect } from './links.ts';

/** How long an idle connection is kept, and how often one in use is looked at, in milliseconds. */
const connectionMs = { idle: 15 * 60_000, ping: 5_000, pingTimeout: 2_000 };
const messageBytesMax = 16_777_216;

/** To "host:port", "http://host:port" or "https://host:port", which is TLS. */
export const connectByGrpc: Connect = address => {
  const baseUrl = /^https?:\/\//.test(address) ? address : `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl, {
    pingIntervalMs: connectionMs.ping,
    pingTimeoutMs: connectionMs.pingTimeout,
    pingIdleConnection: true,
    idleConnectionTimeoutMs: connectionMs.idle,
  });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    acceptCompression: [],
    readMaxBytes: messageBytesMax,
    writeMaxBytes: messageBytesMax,
  });
  return { transport, streams: true, close: () => sessionManager.abort() };
};
