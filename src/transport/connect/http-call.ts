/** Adapts a request of node:http to the Call that handlers take. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Door } from '../rpc/call.ts';

/** The response stream, which closes when the caller disconnects. */
export interface Wire {
  /** Whether it has closed. */
  destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** The Call of a request. A class, since a literal with getters costs several closures per call. */
export class HttpCall<W extends Wire> implements Call {
  readonly door: Door;
  readonly #headers: IncomingHttpHeaders;
  readonly #wire: W;
  readonly #peerOf: (wire: W) => string | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    door: Door,
    headers: IncomingHttpHeaders,
    wire: W,
    peerOf: (wire: W) => string | undefined,
  ) {
    this.door = door;
    this.#headers = headers;
    this.#wire = wire;
    this.#peerOf = peerOf;
  }

  header(name: string): readonly string[] {
    const value = this.#headers[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  get peer(): string {
    return this.#peerOf(this.#wire) ?? '';
  }

  /** Created on first use. */
  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.#wire);
    return this.#signal;
  }
}

function signalOf(wire: Wire): AbortSignal {
  const gone = new AbortController();
  if (wire.destroyed) gone.abort();
  else wire.once('close', () => gone.abort());
  return gone.signal;
}
