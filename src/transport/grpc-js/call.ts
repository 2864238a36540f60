/** Adapts a grpc-js call to the Call that handlers take. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Call } from '../rpc/call.ts';
import { requestIdHeader, requestIdOf } from '../rpc/request-id.ts';

/** What unary and streaming calls have in common. */
interface GrpcCall extends Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'> {
  cancelled: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** The names of the client certificate of the connection from "address:port". */
export type ClientNamesAt = (peer: string) => readonly string[];

/** The Call of a grpc-js call. `stopped` also aborts its signal, which is created on first use. */
export function callOf(call: GrpcCall, clientNamesAt: ClientNamesAt, stopped?: AbortSignal): Call {
  let signal: AbortSignal | undefined;
  const one = (name: string) => {
    const values = call.metadata.get(name);
    return values.length === 0 ? undefined : values.join(',');
  };
  return {
    door: 'grpc',
    traceparent: one('traceparent'),
    tracestate: one('tracestate'),
    requestId: requestIdOf(one(requestIdHeader)),
    // Binary metadata as it was sent: grpc-js has decoded it.
    header: name =>
      call.metadata
        .get(name)
        .map(value => (typeof value === 'string' ? value : value.toString('base64'))),
    get peer() {
      return addressOf(call.getPeer());
    },
    get clientNames() {
      return clientNamesAt(call.getPeer());
    },
    get signal() {
      signal ??= signalOf(call, stopped);
      return signal;
    },
  };
}

function signalOf(call: GrpcCall, stopped: AbortSignal | undefined): AbortSignal {
  const gone = new AbortController();
  if (call.cancelled) gone.abort();
  else call.once('cancelled', () => gone.abort());
  return stopped ? AbortSignal.any([gone.signal, stopped]) : gone.signal;
}

/** The address in "address:port"; "" of a peer that grpc-js does not know any longer. */
function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(':');
  return colon === -1 ? '' : peer.slice(0, colon);
}
