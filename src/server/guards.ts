/** The guards of the listeners: what they refuse and close is counted, and logged once a minute. */

import type { Logger } from '../log.ts';
import type { Guard, RefusedReason } from '../transport/rpc/guard.ts';
import { createUnread, type UnreadLimits, type UnreadReason } from '../transport/rpc/unread.ts';
import type { Metrics } from './metrics.ts';

/** A listener's name in metrics and log. */
export type ListenerName = 'grpc' | 'http' | 'manager';

/** What the guards need. */
export interface GuardDeps {
  limits: UnreadLimits;
  /** Whether an address may have any number of connections. */
  isExempt(address: string): boolean;
  metrics: Pick<Metrics, 'connectionRefused' | 'unreadClosed'>;
  log: Pick<Logger, 'warn'>;
  /** `performance.now`. */
  monotonicMs(): number;
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

/** Creates the function that makes a listener's guard. */
export function createGuards(deps: GuardDeps): (listener: ListenerName) => Guard {
  const { limits, isExempt, metrics } = deps;
  const unread = createUnread(limits);
  const warn = warnRarely(deps);
  return listener => ({
    unread,
    isExempt,
    refused(reason, source) {
      metrics.connectionRefused(listener, reason);
      warn(`refused ${listener} ${reason}`, { listener, source }, refusedTexts[reason]);
    },
    unreadClosed(reason) {
      metrics.unreadClosed(listener, reason);
      warn(`unread ${listener} ${reason}`, { listener }, unreadTexts[reason]);
    },
    faulted(kind) {
      warn(`fault ${listener} ${kind}`, { listener, kind }, 'a peer breaks a rule of HTTP/2');
    },
  });
}

const rarelyMs = 60_000;

/** Logs one line per kind and minute, with the number of events since the line before. */
function warnRarely({ log, monotonicMs }: Pick<GuardDeps, 'log' | 'monotonicMs'>) {
  const kinds = new Map<string, { loggedMs: number; count: number }>();
  return (kind: string, fields: object, text: string) => {
    const nowMs = monotonicMs();
    const known = kinds.get(kind) ?? { loggedMs: Number.NEGATIVE_INFINITY, count: 0 };
    kinds.set(kind, known);
    known.count++;
    if (nowMs - known.loggedMs < rarelyMs) return;
    log.warn({ ...fields, count: known.count }, text);
    known.loggedMs = nowMs;
    known.count = 0;
  };
}
