/** The guards of the listeners: what they refuse and close is counted, and logged once a minute. */

import type { Logger } from '../log.ts';
import type { Guard, HandshakeFault, HeldLimits, RefusedReason } from '../transport/rpc/guard.ts';
import { createRequestBytes } from '../transport/rpc/request-bytes.ts';
import { createUnread, type UnreadReason } from '../transport/rpc/unread.ts';
import type { Heap } from '../transport/rpc/unread-garbage.ts';
import type { Metrics } from './metrics/metrics.ts';
import { warnRarely } from './warn-rarely.ts';

/** A listener's name in metrics and log. */
export type ListenerName = 'grpc' | 'http' | 'manager' | 'metrics';

/** What the guards need. */
export interface GuardDeps {
  limits: HeldLimits;
  /** Whether an address may have any number of connections. */
  isExempt(address: string): boolean;
  metrics: Pick<
    Metrics,
    'connectionRefused' | 'unreadClosed' | 'requestRefused' | 'handshakeFailed'
  >;
  log: Pick<Logger, 'warn'>;
  /** `performance.now`. */
  monotonicMs(): number;
  /** What unread answers leave behind is collected there. */
  heap?: Heap;
}

const refusedTexts: Record<RefusedReason, string> = {
  full: 'connections are refused: the listener has as many as USHER_CONNECTIONS_MAX allows',
  source:
    'connections are refused: their source has as many as USHER_CONNECTIONS_PER_SOURCE_MAX ' +
    'allows; a proxy that is trusted may have more (USHER_TRUSTED_PROXIES)',
};

const unreadTexts: Record<UnreadReason, string> = {
  connection: 'a caller does not read: its answers exceed USHER_UNREAD_BYTES_MAX',
  process: 'callers do not read: their answers exceed USHER_UNREAD_BYTES_TOTAL_MAX',
  deadline: 'a caller does not read: its answer waited until the deadline',
};

const handshakeTexts: Record<HandshakeFault, string> = {
  'plain-text': 'a caller speaks plain text where TLS is spoken: give it an https address',
  timeout: 'a TLS handshake took longer than USHER_FIRST_BYTE_MS allows',
  'too-long': 'a TLS handshake had more bytes than USHER_TLS_HANDSHAKE_BYTES_MAX allows',
  alpn: 'a caller did not agree by ALPN on a protocol that this listener speaks (h2 for gRPC)',
  version: 'a caller has no version or cipher suite of TLS that is safe: TLS 1.2 is the oldest',
  untrusted: 'a caller does not trust the certificate of this listener: give it the CA',
  'no-client-certificate': 'a caller has no client certificate, which this listener requires',
  'client-certificate': 'a caller has a client certificate that is not valid for this listener',
  closed: 'a caller left during the TLS handshake; it may not trust the certificate',
  malformed: 'a TLS handshake is malformed',
};

const spokeTlsText =
  'a caller speaks TLS where plain text is spoken: give it an http address, or set the files of TLS';

const requestsText =
  'requests are refused: those under way hold as many bytes as USHER_MEMORY_MB leaves for them';

/** Creates the function that makes a listener's guard. */
export function createGuards(deps: GuardDeps): (listener: ListenerName) => Guard {
  const { limits, isExempt, metrics } = deps;
  const unread = createUnread(limits.unread, deps.heap);
  const requests = createRequestBytes(limits.requestBytesMax);
  const warn = warnRarely(deps);
  return listener => ({
    unread,
    requests,
    isExempt,
    refused(reason, source) {
      metrics.connectionRefused(listener, reason);
      warn(`refused ${listener} ${reason}`, { listener, source }, refusedTexts[reason]);
    },
    unreadClosed(reason) {
      metrics.unreadClosed(listener, reason);
      warn(`unread ${listener} ${reason}`, { listener }, unreadTexts[reason]);
    },
    requestRefused() {
      metrics.requestRefused(listener);
      warn(`requests ${listener}`, { listener }, requestsText);
    },
    faulted(kind) {
      warn(`fault ${listener} ${kind}`, { listener, kind }, 'a peer breaks a rule of HTTP/2');
    },
    handshakeFailed(fault, source, detail) {
      metrics.handshakeFailed(listener, fault);
      const fields = { listener, source, fault, detail };
      warn(`handshake ${listener} ${fault}`, fields, handshakeTexts[fault]);
    },
    spokeTls(source) {
      metrics.handshakeFailed(listener, 'tls-on-plain-text');
      warn(`tls ${listener}`, { listener, source }, spokeTlsText);
    },
  });
}
