/** A grpc-js call as handlers see it. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Call } from '../rpc/call.ts';

/** What all shapes of calls have in common. */
interface GrpcCall extends Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'> {
  cancelled: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** What a handler may know of a call. Its signal is made only where a handler asks for it. */
export function callOf(call: GrpcCall, stopped?: AbortSignal): Call {
  let signal: AbortSignal | undefined;
  return {
    door: 'grpc',
    header: name => call.metadata.get(name).map(String),
    get peer() {
      return addressOf(call.getPeer());
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

/** The address of "address:port". */
function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(':');
  return colon === -1 ? peer : peer.slice(0, colon);
}
