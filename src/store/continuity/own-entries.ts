/**
 * Entries that this process appended to the log, and has not yet read from it: others may have
 * appended before them. A store that loses them is rolled back, however soon that happens.
 */

import { type ChainedEvent, linkHash } from '../audit.ts';
import { entryOf, type Tail, type TailEntry } from './tail.ts';

/** The entries that are known beyond the tail's head. */
export interface OwnEntries {
  /** Adds an entry. False when the tail holds another entry in its place. */
  add(event: ChainedEvent): boolean;
  /** Moves those that follow the tail's head into the tail, and returns the others. */
  take(): readonly ChainedEvent[];
  /** Whether what was read since, up to the end of the log, holds these; forgets those it holds. */
  areIn(read: readonly ChainedEvent[], events: readonly ChainedEvent[]): boolean;
  /**
   * Whether each entry between the tail's head and the last of these is one of these, or named:
   * the hashes of entries of other replicas, by sequence number. The entries' hashes must show it.
   */
  areLinked(named: ReadonlyMap<number, string>): boolean;
  /** Those beyond the tail's head. */
  entries(): TailEntry[];
  /** The last of them. */
  last(): TailEntry | undefined;
  clear(): void;
}

/** Creates it, for a tail. */
export function createOwnEntries(tail: Tail): OwnEntries {
  let events: ChainedEvent[] = [];
  const beyond = () => {
    const head = tail.head()?.sequence ?? 0;
    return events.filter(({ sequence }) => sequence > head).map(entryOf);
  };
  return {
    add(event) {
      const head = tail.head();
      if (head === undefined) return true;
      if (event.sequence <= head.sequence) {
        const known = tail.at(event.sequence);
        return known === undefined || known.hash === event.hash;
      }
      events.push(event);
      events.sort((a, b) => a.sequence - b.sequence);
      return true;
    },
    take() {
      for (let next = events[0]; next !== undefined; next = events[0]) {
        const head = tail.head();
        if (head === undefined || next.sequence !== head.sequence + 1) break;
        const { hash, ...entry } = next;
        if (hash !== linkHash(head.hash, entry)) break;
        tail.append([next]);
        events.shift();
      }
      return [...events];
    },
    areIn(read, expected) {
      const hashes = new Set(read.map(({ hash }) => hash));
      events = events.filter(({ hash }) => !hashes.has(hash));
      return expected.every(({ hash }) => hashes.has(hash));
    },
    areLinked(named) {
      let before = tail.head();
      for (const { hash, ...entry } of events) {
        if (before === undefined) return false;
        if (entry.sequence <= before.sequence) continue;
        for (let at = before.sequence + 1; at < entry.sequence; at++) {
          const of = named.get(at);
          if (of === undefined) return false;
          before = { sequence: at, hash: of };
        }
        if (linkHash(before.hash, entry) !== hash) return false;
        before = { sequence: entry.sequence, hash };
      }
      return true;
    },
    entries: beyond,
    last: () => beyond().at(-1),
    clear() {
      events = [];
    },
  };
}
