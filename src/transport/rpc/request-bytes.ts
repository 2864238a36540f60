/**
 * Limits the request bytes that a process holds, heads and content: of requests that are still
 * arriving, and of those that are not answered yet. Beyond the limit one of the largest is refused, so
 * that many small requests get through beside long ones.
 */

import { RpcError } from './rpc-error.ts';

/** A request under way. A wire's own object of the call can be one, which costs a call nothing. */
export interface HeldRequest {
  /** What is counted of it, in bytes: 0 at first, and changed by RequestBytes alone. */
  heldBytes: number;
  /** Called once if it is refused, after `end`: answers the request and drops its bytes. */
  refuse(): void;
}

/** The requests of a process. */
export interface RequestBytes {
  /** What they hold, in bytes. */
  readonly bytes: number;
  /** Counts bytes that arrived. This, or another request, may be refused before it returns. */
  add(request: HeldRequest, bytes: number): void;
  /**
   * Subtracts its bytes, but for those that are still `kept`: it was answered, or its caller is gone.
   * May be called twice.
   */
  end(request: HeldRequest, kept?: number): void;
}

/** The answer to a request that was refused: UNAVAILABLE, or HTTP 503. It may be repeated. */
export const tooManyBytesText = 'too many bytes of requests are under way; call again';

/** The same as an error of a call. */
export function tooManyBytes(): RpcError {
  return new RpcError('UNAVAILABLE', tooManyBytesText);
}

/** Requests are sorted by size, in this many steps from one size to its double. */
const stepsPerDouble = 8;

function sizeOf(bytes: number): number {
  return Math.floor(Math.log2(bytes) * stepsPerDouble);
}

/** Starts without requests. */
export function createRequestBytes(bytesMax: number): RequestBytes {
  /** By size. A search for the largest would cost more, the more requests there are. */
  const sizes: Set<HeldRequest>[] = [];
  let sum = 0;

  const count = (request: HeldRequest, bytes: number) => {
    const before = request.heldBytes;
    if (bytes === before) return;
    sum += bytes - before;
    request.heldBytes = bytes;
    const size = sizeOf(bytes);
    if (before > 0) {
      if (size === sizeOf(before)) return;
      sizes[sizeOf(before)]?.delete(request);
    }
    if (bytes === 0) return;
    sizes[size] ??= new Set();
    sizes[size].add(request);
  };
  const largestOr = (last: HeldRequest): HeldRequest => {
    const lastSize = last.heldBytes > 0 ? sizeOf(last.heldBytes) : -1;
    for (let size = sizes.length - 1; size > lastSize; size--) {
      for (const request of sizes[size] ?? []) return request;
    }
    return last;
  };

  return {
    get bytes() {
      return sum;
    },
    add(request, bytes) {
      count(request, request.heldBytes + bytes);
      while (sum > bytesMax) {
        const refused = largestOr(request);
        count(refused, 0);
        refused.refuse();
      }
    },
    end: (request, kept = 0) => count(request, Math.min(request.heldBytes, kept)),
  };
}
