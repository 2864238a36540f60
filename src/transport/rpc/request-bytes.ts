/**
 * Limits the request bytes that a process holds: of requests that are still arriving, and of those
 * that are not answered yet. Beyond the limit the largest of them is refused, so that many small
 * requests get through beside long ones.
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
  /** Subtracts all of its bytes: it was answered, or its caller is gone. May be called twice. */
  end(request: HeldRequest): void;
}

/** The answer to a request that was refused: UNAVAILABLE, or HTTP 503. It may be repeated. */
export const tooManyBytesText = 'too many bytes of requests are under way; call again';

/** The same as an error of a call. */
export function tooManyBytes(): RpcError {
  return new RpcError('UNAVAILABLE', tooManyBytesText);
}

/**
 * Requests below this part of the limit are only counted: among them there is no largest to look
 * for, and at most as many others need a look.
 */
const smallPart = 1024;

/** Starts without requests. */
export function createRequestBytes(bytesMax: number): RequestBytes {
  const large = new Set<HeldRequest>();
  let sum = 0;

  const end = (request: HeldRequest) => {
    if (request.heldBytes * smallPart >= bytesMax) large.delete(request);
    sum -= request.heldBytes;
    request.heldBytes = 0;
  };
  const largestOr = (last: HeldRequest) => {
    let largest = last;
    for (const each of large) if (each.heldBytes > largest.heldBytes) largest = each;
    return largest;
  };

  return {
    get bytes() {
      return sum;
    },
    add(request, bytes) {
      request.heldBytes += bytes;
      sum += bytes;
      if (request.heldBytes * smallPart >= bytesMax) large.add(request);
      while (sum > bytesMax) {
        const refused = largestOr(request);
        end(refused);
        refused.refuse();
      }
    },
    end,
  };
}
