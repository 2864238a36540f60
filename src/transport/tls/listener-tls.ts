/** With what a listener speaks TLS, as it changes while connections come. */

import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TlsIdentity } from './identity.ts';
import { type TicketSecret, ticketKeyOf } from './ticket-keys.ts';

/** The identity of a listener. It is replaced when its files change. */
export interface IdentitySource {
  readonly current: TlsIdentity;
  /** Calls the listener whenever it was replaced, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** What a listener needs for TLS. */
export interface ListenerTls {
  /** Its name, to which its session tickets are tied. */
  name: string;
  source: IdentitySource;
  /** Whether a client that speaks both is to speak HTTP/1.1 rather than HTTP/2. */
  prefersHttp1: boolean;
  /** Whether a client must have a certificate, if there are CAs for it. */
  requiresClient: boolean;
  tickets: TicketSecret;
  limits: TlsLimits;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What a listener needs that may speak TLS. */
export interface MaybeTls {
  /** With it, the listener speaks TLS alone. */
  tls?: ListenerTls | undefined;
}

/** The limits of handshakes. */
export interface TlsLimits {
  /** How long a new connection may be silent, and then how long its handshake may take. */
  handshakeMs: number;
  /** Most bytes that a peer may send for a handshake; looked at four times a second. */
  handshakeBytesMax: number;
  /** How long a session can be resumed, in seconds. */
  resumptionSeconds: number;
}

/** AES-128 first: it is the cheapest on servers. All are AEAD, and with TLS 1.2 all have ECDHE. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Clients without AES in hardware get ChaCha20, which they offer first. */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA;

/** The options of Node's TLS server for the identity of this moment. */
export function tlsOptions({ name, source, tickets, limits }: ListenerTls): TlsOptions {
  const { cert, key, ca } = source.current;
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    ciphers,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    secureOptions,
    sessionIdContext: `usher ${name}`,
    sessionTimeout: limits.resumptionSeconds,
    ticketKeys: ticketKeyOf(tickets, name, ca ?? ''),
  };
}
