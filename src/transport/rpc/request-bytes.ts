/**
 * Limits the request bytes that a process holds: of requests that are still arriving, and of those
 * that are not answered yet. Beyond the limit the largest of them is refused, so that many small
 * requests get through beside long ones.
 */

import { RpcError } from './rpc-error.ts';

/** The requests of a process. */
export interface RequestBytes {
  /** What they hold, in bytes. */
  readonly bytes: number;
  /**
   * Adds a request that has no bytes yet. `refuse` is called if it is refused: it answers the
   * request and drops its bytes.
   */
  open(refuse: () => void): HeldRequest;
}

/** A request under way. */
export interface HeldRequest {
  /** Counts bytes that arrived. This, or another request, may be refused before it returns. */
  add(bytes: number): void;
  /** Subtracts all of its bytes: it was answered, or its caller is gone. May be called twice. */
  end(): void;
}

/** The answer to a request that was refused: UNAVAILABLE, or HTTP 503. It may be repeated. */
export const tooManyBytesText = 'too many bytes of requests are under way; call again';

/** The same as an error of a call. */
export function tooManyBytes(): RpcError {
  return new RpcError('UNAVAILABLE', tooManyBytesText);
}

/** Starts without requests. */
export function createRequestBytes(bytesMax: number): RequestBytes {
  const held = new Set<Held>();
  let sum = 0;

  class Held implements HeldRequest {
    bytes = 0;
    refuse: (() => void) | undefined;

    constructor(refuse: () => void) {
      this.refuse = refuse;
    }

    add(bytes: number): void {
      if (this.refuse === undefined) return;
      if (this.bytes === 0) held.add(this);
      this.bytes += bytes;
      sum += bytes;
      while (sum > bytesMax) refuseLargest();
    }

    end(): void {
      this.refuse = undefined;
      if (!held.delete(this)) return;
      sum -= this.bytes;
      this.bytes = 0;
    }
  }

  const refuseLargest = () => {
    let largest: Held | undefined;
    for (const each of held) if (each.bytes > (largest?.bytes ?? 0)) largest = each;
    const refuse = largest?.refuse;
    largest?.end();
    refuse?.();
  };

  return {
    get bytes() {
      return sum;
    },
    open: refuse => new Held(refuse),
  };
}
