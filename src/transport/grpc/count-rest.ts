/** Counts what a connection has read, and not handled yet, with the requests of the process. */

import type { RequestBytes } from '../rpc/request-bytes.ts';

/**
 * A function that takes how many bytes wait. When requests hold too many bytes, and this is one of the
 * largest, `hurry` has it handled: nothing of it is lost, and the calls in it are then counted themselves.
 */
export function countRest(requests: RequestBytes, hurry: () => void): (bytes: number) => void {
  const rest = { heldBytes: 0, refuse: hurry };
  return bytes => {
    if (bytes > rest.heldBytes) requests.add(rest, bytes - rest.heldBytes);
    else requests.end(rest, bytes);
  };
}
