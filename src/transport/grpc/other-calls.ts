/** What a port serves over HTTP/2 beside gRPC. */

import type { H2Stream } from '../h2/stream.ts';
import type { RpcError } from '../rpc/rpc-error.ts';

/** A request in progress that is not gRPC. */
export interface OtherCall {
  /** Has it answered. */
  start(): void;
  /** Counts its head: it outlasts the turn in which it came. */
  kept(): void;
  data(data: Buffer, endsStream: boolean): void;
  ended(): void;
  writable(): void;
  closed(): void;
}

/** What else the port of these calls serves, and to whom. */
export interface OtherCalls {
  /** Begins a request; `onDone` is to be called when its handler is done, which can be after its stream is. */
  begin(stream: H2Stream, localAddress: string, onDone: () => void): OtherCall;
  /** Why the calls for a host are refused. */
  refusalOf?(authority: string, localAddress: string): RpcError | undefined;
}
