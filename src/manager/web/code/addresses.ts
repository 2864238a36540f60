/** The addresses of this server, for the code that users paste. */

import { useStatus } from '../status.ts';
import { reachable } from './reachable.ts';

/** The addresses of the listeners, as clients reach them. */
export interface Addresses {
  /** Base URL of the HTTP listener, such as "http://127.0.0.1:8080". */
  http: string;
  /** Address of the gRPC listener, such as "127.0.0.1:50051". */
  grpc: string;
}

/** The addresses that the status reports; the default ones until it was read. */
export function useAddresses(): Addresses {
  const { data } = useStatus();
  const listeners = data?.listeners ?? { http: '127.0.0.1:8080', grpc: '127.0.0.1:50051' };
  const { protocol, hostname } = window.location;
  return {
    http: `${protocol}//${reachable(listeners.http, hostname)}`,
    grpc: reachable(listeners.grpc, hostname),
  };
}
