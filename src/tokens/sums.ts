/**
 * Sums for the audit log: what strangers cause, or what happens too often for an entry each, becomes one
 * entry a minute with a count.
 */

import type { Audit, Happening } from './audit.ts';
import { byCaller } from './audit-names.ts';
import type { Caller } from './caller.ts';
import type { SumLimits } from './limits.ts';
import { sourceOf } from './source.ts';

/** A refused call. */
export interface Refusal {
  /** UUID of the caller's access token, "admin", or "" for an unknown caller. */
  actor: string;
  /** The caller's name; absent for none. */
  actorName?: string | undefined;
  /** The caller's network address as the server saw it. */
  peer: string;
  /** The method and why it was refused, in the server's own words: nothing that the caller chose. */
  detail: string;
}

/** Counts what happens, and writes the counts. */
export interface Sums {
  /**
   * Counts a refused call by source, caller, method and reason. The first is written at once; later ones,
   * while they go on, as one entry a minute. Never rejects.
   */
  refused(refusal: Refusal): Promise<void>;
  /** Counts a JWT that was signed, by caller and access token. */
  issued(
    caller: Pick<Caller, 'actor' | 'name' | 'peer'>,
    token: { id: string; name: string },
  ): void;
  /** Writes the counts. What could not be written is kept for the next time. */
  flush(): Promise<void>;
  /** Writes the last counts and ends the timer. */
  close(): Promise<void>;
}

/** What it needs. */
export interface SumDeps {
  audit: Pick<Audit, 'note'>;
  limits: SumLimits;
  /** Called with the error when counts could not be written; they are kept. */
  onFailure(error: unknown): void;
}

interface Sum {
  happening: Happening;
  /** What `happening.detail` counts, such as "more times". */
  unit: string;
  /** Source and caller; absent for what has no kind of its own. */
  origin?: string;
  count: number;
}

/** The details of the sums of all that has no sum of its own. */
const others = 'refused calls of other sources and kinds';
const otherIssues = 'JWTs of other callers and access tokens';
const noCaller = { action: 'jwt.issue', actor: '', peer: '' } as const;

/** Creates it. */
export function createSums({ audit, limits, onFailure }: SumDeps): Sums {
  const refusals = new Map<string, Sum>();
  const issues = new Map<string, Sum>();

  const sumOf = (refusal: Refusal): Sum => ({
    happening: { action: 'call.refused', ...refusal },
    unit: 'more in a minute',
    count: 0,
  });
  const hasRoom = (origin: string) => {
    if (refusals.size >= limits.kindsMax) return false;
    const kinds = [...refusals.values()].filter(sum => sum.origin === origin).length;
    return kinds < limits.kindsPerOriginMax;
  };
  /** The one sum of all that has no room for a sum of its own. */
  const sumOfOthers = () => {
    const sum = refusals.get(others) ?? sumOf({ actor: '', peer: '', detail: others });
    refusals.set(others, sum);
    return sum;
  };

  const write = async (sum: Sum) => {
    const { happening, unit, count } = sum;
    sum.count = 0;
    const detail = [happening.detail, `${count} ${unit}`].filter(text => text !== '').join(': ');
    await audit.note({ ...happening, detail }).catch(error => {
      sum.count += count;
      onFailure(error);
    });
  };
  const flush = async () => {
    // A sum of nothing is over: the next refusal of its kind is written at once again.
    for (const [name, { count }] of refusals) if (count === 0) refusals.delete(name);
    const due = [...issues.values(), ...refusals.values()];
    await Promise.all(due.map(write));
    for (const [name, { count }] of issues) if (count === 0) issues.delete(name);
  };
  /** The sum of a caller and an access token, or that of all for which there is no room. */
  const issuesOf = (name: string, happening: Happening) => {
    const known = issues.get(name);
    if (known !== undefined) return known;
    if (issues.size === limits.issuersMax) void flushNext();
    const isOver = issues.size >= 2 * limits.issuersMax;
    const key = isOver ? otherIssues : name;
    const own = isOver ? { ...noCaller, detail: otherIssues } : happening;
    const sum = issues.get(key) ?? { happening: own, unit: 'in a minute', count: 0 };
    issues.set(key, sum);
    return sum;
  };
  let underway: Promise<unknown> = Promise.resolve();
  const flushNext = () => {
    const flushed = underway.then(flush);
    underway = flushed;
    return flushed;
  };
  const timer = setInterval(() => void flushNext(), limits.sumMs).unref();

  return {
    async refused(refusal) {
      const source = sourceOf(refusal.peer);
      const origin = `${source} ${refusal.actor}`;
      const name = `${origin} ${refusal.detail}`;
      const known = refusals.get(name);
      if (known !== undefined) {
        known.count += 1;
        return;
      }
      if (!hasRoom(origin)) {
        sumOfOthers().count += 1;
        return;
      }
      const sum = { ...sumOf({ ...refusal, peer: source }), origin };
      refusals.set(name, sum);
      await audit.note({ action: 'call.refused', ...refusal }).catch(error => {
        sum.count += 1;
        onFailure(error);
      });
    },
    issued(caller, { id: tokenId, name: tokenName }) {
      const name = `${caller.actor} ${tokenId}`;
      const about = { tokenId, tokenName, detail: '' };
      const happening = { action: 'jwt.issue', ...byCaller(caller), ...about } as const;
      issuesOf(name, happening).count += 1;
    },
    flush: flushNext,
    async close() {
      clearInterval(timer);
      await flushNext();
    },
  };
}
