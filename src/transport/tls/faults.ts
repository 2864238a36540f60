/** The kinds of handshakes that fail. */

import type { HandshakeFault } from '../rpc/guard.ts';

/** Ends a handshake that this server gives up. */
export class HandshakeError extends Error {
  readonly fault: HandshakeFault;
  constructor(fault: HandshakeFault) {
    super(fault);
    this.fault = fault;
  }
}

const faults: readonly [RegExp, HandshakeFault][] = [
  [/NO_APPLICATION_PROTOCOL/, 'alpn'],
  [/^E[A-Z]+$/, 'closed'],
  // The client has said why it does not go on.
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    'untrusted',
  ],
  [/UNSUPPORTED_PROTOCOL|VERSION|SHARED|FALLBACK|SUITABLE|UNKNOWN_PROTOCOL/, 'version'],
];

/** The kind of an error of a handshake. */
export function faultOf(error: Error & { code?: string }): HandshakeFault {
  if (error instanceof HandshakeError) return error.fault;
  const { code = '' } = error;
  return faults.find(([pattern]) => pattern.test(code))?.[1] ?? 'malformed';
}
