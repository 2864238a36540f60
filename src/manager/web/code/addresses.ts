/** Where this server is reached, as code to paste needs it. */

import { useStatus } from '../status.ts';
import { reachable } from './reachable.ts';

/** The addresses of the listeners. */
export interface Addresses {
  /** As in "http://127.0.0.1:8080". */
  http: string;
  /** As in "127.0.0.1:50051". */
  grpc: string;
}

/** The server's own addresses, or the defaults while they are not known. */
export function useAddresses(): Addresses {
  const { data } = useStatus();
  const listeners = data?.listeners ?? { http: '127.0.0.1:8080', grpc: '127.0.0.1:50051' };
  const { protocol, hostname } = window.location;
  return {
    http: `${protocol}//${reachable(listeners.http, hostname)}`,
    grpc: reachable(listeners.grpc, hostname),
  };
}
