/** A call on a request of node:http or node:http2, as handlers see it. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Door } from './call.ts';

/** What the answer is written to, which closes when the caller is gone. */
export interface Wire {
  destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** What a handler may know of a call. Its signal is made only where a handler asks for it. */
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
