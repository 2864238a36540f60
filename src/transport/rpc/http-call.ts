/** Adapts a request of node:http or node:http2 to the Call that handlers take. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Door } from './call.ts';

/** The response stream, which closes when the caller disconnects. */
export interface Wire {
  /** Whether it has closed. */
  destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** The Call of a request. Its signal is created on first use. */
export function httpCall<W extends Wire>(
  door: Door,
  headers: IncomingHttpHeaders,
  wire: W,
  peerOf: (wire: W) => string | undefined,
): Call {
  let signal: AbortSignal | undefined;
  return {
    door,
    header(name) {
      const value = headers[name];
      if (value === undefined) return [];
      return Array.isArray(value) ? value : [value];
    },
    get peer() {
      return peerOf(wire) ?? '';
    },
    get signal() {
      signal ??= signalOf(wire);
      return signal;
    },
  };
}

function signalOf(wire: Wire): AbortSignal {
  const gone = new AbortController();
  if (wire.destroyed) gone.abort();
  else wire.once('close', () => gone.abort());
  return gone.signal;
}
