/** Logs what happens often as one line a minute. */

import type { Logger } from '../log.ts';

const rarelyMs = 60_000;

/**
 * Logs one line per kind and minute, with the number of events since the line before. `monotonicMs` is
 * `performance.now`.
 */
export function warnRarely(deps: { log: Pick<Logger, 'warn'>; monotonicMs(): number }) {
  const { log, monotonicMs } = deps;
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
