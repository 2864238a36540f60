/** Counts what a connection has read, and not handled yet, with the requests of the process. */

import type { Guard } from '../rpc/guard.ts';

/**
 * A function that takes how many bytes wait. When requests hold too many bytes, and this is one of the
 * largest, `close` ends the connection.
 */
export function countRest(
  guard: Pick<Guard, 'requests' | 'requestRefused'>,
  close: () => void,
): (bytes: number) => void {
  const rest = {
    heldBytes: 0,
    refuse() {
      guard.requestRefused();
      close();
    },
  };
  return bytes => {
    if (bytes > rest.heldBytes) guard.requests.add(rest, bytes - rest.heldBytes);
    else guard.requests.end(rest, bytes);
  };
}
