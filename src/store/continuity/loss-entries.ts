/** The entries of the log about a loss: each part has one, which names what was lost. */

import { hash } from 'node:crypto';
import type { AuditEvent, ChainedEvent } from '../audit.ts';
import type { JsonObject } from '../record.ts';
import type { LogPoint, LostChange } from '../status.ts';
import type { LostDocument } from './documents.ts';
import { usherEvent } from './events.ts';

/** What was lost, and the access tokens whose records are not what they were. */
export interface Loss {
  changes: LostChange[];
  /** UUIDs of access tokens whose creation, update or rotation is lost. */
  tokenIds: string[];
  /** Documents of which the store has an older revision. */
  documents: LostDocument[];
}

/** The action of such an entry. */
export const healedAction = 'store.healed';

/** Most lost changes that an audit entry names; a larger loss has several entries. */
export const lostChangesMax = 1000;

/** A loss, as one replica knows it. */
interface KnownLoss {
  /** The entries that are lost, as far as this replica knows them. */
  known: readonly LogPoint[];
  /** Whether entries of others may be missing between them. */
  isHoled: boolean;
  /** Where the log was cut. */
  fork: LogPoint;
  loss: Loss;
}

/**
 * The parts of a loss, each with its audit event. Replicas that know the same log compute the same ids, so each
 * entry is written once.
 */
export function lossEntries(
  { known, isHoled, fork, loss }: KnownLoss,
  head: LogPoint,
  time: number,
): { event: AuditEvent; part: Loss }[] {
  const putBackCount = loss.changes.filter(({ isPutBack }) => isPutBack).length;
  const detail =
    `the store lost ${loss.changes.length} changes after entry ${fork.sequence}; ` +
    `${putBackCount} of them are revocations and removals, which were put back`;
  const longest = Math.max(loss.changes.length, known.length);
  const count = Math.max(1, Math.ceil(longest / lostChangesMax));
  return Array.from({ length: count }, (_, n) => {
    const of = <T>(all: readonly T[]) => all.slice(n * lostChangesMax, (n + 1) * lostChangesMax);
    const changes = of(loss.changes);
    const part = { changes, tokenIds: of(loss.tokenIds), documents: of(loss.documents) };
    const points = of(known).map(({ sequence, hash: each }) => [sequence, each]);
    const place = count === 1 ? '' : ` part ${n + 1} of ${count}`;
    const name = `store.healed ${head.hash}${isHoled ? JSON.stringify(points) : ''}${place}`;
    const after = {
      ...{ lost: changes, unavailable: part.tokenIds },
      ...(part.documents.length === 0 ? {} : { documents: part.documents }),
      known: points,
    } as unknown as JsonObject;
    const said = `${detail}${place && `:${place}`}`;
    return {
      event: { ...usherEvent(eventIdOf(name), time, healedAction, said), after },
      part,
    };
  });
}

/** The lost entries that the log's entries about losses name: sequence number to hash. */
export function namedIn(events: readonly ChainedEvent[]): ReadonlyMap<number, string> {
  const named = new Map<number, string>();
  for (const { action, after } of events) {
    if (action !== healedAction) continue;
    const { known = [] } = (after ?? {}) as { known?: [number, string][] };
    for (const [sequence, of] of known) named.set(sequence, of);
  }
  return named;
}

function eventIdOf(text: string): string {
  const digits = hash('sha256', text);
  // Version 8 of RFC 9562: the digits are the application's own.
  const variant = `a${digits.slice(17, 20)}`;
  return [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, variant]
    .concat(digits.slice(20, 32))
    .join('-');
}
