/** Adapts a request over HTTP to the Call that handlers take. */

import { HttpMarks } from '../http/marks.ts';
import { clientNamesOf, type HttpResponse } from '../http/message.ts';
import type { Call, Door } from '../rpc/call.ts';

/** The Call of a request. A class, since a literal with getters costs several closures per call. */
export class HttpCall extends HttpMarks implements Call {
  readonly door: Door;
  #signal: AbortSignal | undefined;

  constructor(door: Door, res: HttpResponse) {
    super(res);
    this.door = door;
  }

  header(name: string): readonly string[] {
    const value = this.res.req.headers[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  get peer(): string {
    return this.res.req.socket.remoteAddress ?? '';
  }

  get clientNames(): readonly string[] {
    return clientNamesOf(this.res.req);
  }

  asks(verdicts: number): void {
    this.res.asks?.(verdicts);
  }

  /** Created on first use. */
  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.res);
    return this.#signal;
  }
}

function signalOf(res: HttpResponse): AbortSignal {
  const gone = new AbortController();
  if (res.destroyed) gone.abort();
  else res.once('close', () => gone.abort());
  return gone.signal;
}
