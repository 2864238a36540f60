/**
 * Proves that a table of the embedded store does not have a key. For each key, the table `links` names
 * the next one; an entry without a key names the first. So between a key and the next one there
 * is none, and a key that a damaged page hides is still named (as NSEC does in DNS, RFC 4034 section 4).
 */

import type { SealedRecords } from '../format/sealed.ts';
import type { Unavailable } from '../store.ts';
import { checkSum, withSum } from './checksum.ts';
import { compareKeys, type Tables } from './tables.ts';

/** The tables, by their name in LMDB. Of `root`, the keys that a store can be without are named. */
export const linkedTables = [
  ...(['tokens', 'owners', 'expiries', 'foreign'] as const),
  ...(['audit-by-token', 'requests', 'sessions', 'root', 'documents'] as const),
] as const;

/** Name of a linked table. */
export type LinkedTable = (typeof linkedTables)[number];

/** A key of a linked table, in parts. */
export type LinkKey = readonly (string | number)[];

/** Where a key is in its table. Without parts, `at` is the start, and `next` the end. */
interface Link {
  at: LinkKey;
  next: LinkKey;
}

/** The links of all tables. What writes must run inside a write transaction, and never throws. */
export interface Links {
  /** Throws Unavailable unless a table provably has no such key: that of `present` where it has one. */
  proveAbsent(table: LinkedTable, key: LinkKey, present?: () => Unavailable): void;
  /**
   * Throws Unavailable unless these, in order, are all keys between two: the first is the one after `from`,
   * absent for one that is not checked; none follows before `to`, no parts for the end, absent for more.
   */
  proveRange(table: LinkedTable, keys: readonly LinkKey[], from?: LinkKey, to?: LinkKey): void;
  /** Adds a key. Beside a damaged link it is not added: misses there are unavailable anyway. */
  add(table: LinkedTable, key: LinkKey): void;
  /** Removes a key. Beside a damaged link it stays, which makes it unavailable. */
  remove(table: LinkedTable, key: LinkKey): void;
  /** Writes a link as it is. */
  put(table: LinkedTable, at: LinkKey, next: LinkKey): void;
}

/** Creates it. */
export function createLinks({ links }: Pick<Tables, 'links'>, sealed: SealedRecords): Links {
  const linkOf = (key: LinkKey, text: string): Link | undefined => {
    const next = checkSum(nameOf(key), text);
    return next === undefined ? undefined : { at: key.slice(1), next: JSON.parse(next) as LinkKey };
  };
  /** The link at or before a key, or only before it; undefined when it is damaged or gone. */
  const floor = (table: LinkedTable, key: LinkKey, isBefore = false): Link | undefined => {
    const start = [table, ...key];
    const range = links.getRange({ start, reverse: true, limit: 1, exclusiveStart: isBefore });
    for (const found of range) {
      // LMDB's binding reads a list of one part as the part.
      const parts: LinkKey = typeof found.key === 'string' ? [found.key] : found.key;
      return parts[0] === table ? linkOf(parts, found.value) : undefined;
    }
    return undefined;
  };
  const at = (table: LinkedTable, key: LinkKey): Link | undefined => {
    const text = links.get([table, ...key]);
    return text === undefined ? undefined : linkOf([table, ...key], text);
  };
  const put = (table: LinkedTable, key: LinkKey, next: LinkKey) => {
    const name = nameOf([table, ...key]);
    links.put([table, ...key], withSum(name, JSON.stringify(next)));
  };
  /** Whether a key lies between a link's two. */
  const spans = ({ at, next }: Link, key: LinkKey) =>
    compareKeys(at, key) < 0 && (next.length === 0 || compareKeys(next, key) > 0);

  return {
    put,
    proveAbsent(table, key, present = () => sealed.unproven(table)) {
      const link = floor(table, key);
      if (link !== undefined && spans(link, key)) return;
      throw link !== undefined && compareKeys(link.at, key) === 0
        ? present()
        : sealed.unproven(table);
    },
    proveRange(table, keys, from, to) {
      let next = from === undefined ? keys[0] : floor(table, from)?.next;
      for (const key of keys) {
        if (next === undefined || compareKeys(next, key) !== 0) throw sealed.unproven(table);
        next = at(table, key)?.next;
      }
      if (to === undefined || (keys.length === 0 && from === undefined)) return;
      const isEnd = next?.length === 0 || (next && to.length > 0 && compareKeys(next, to) >= 0);
      if (!isEnd) throw sealed.unproven(table);
    },
    add(table, key) {
      const link = floor(table, key);
      if (link === undefined || !spans(link, key)) return;
      put(table, key, link.next);
      put(table, link.at, key);
    },
    remove(table, key) {
      const own = at(table, key);
      const before = floor(table, key, true);
      if (own === undefined || before === undefined || compareKeys(before.next, key) !== 0) return;
      put(table, before.at, own.next);
      links.remove([table, ...key]);
    },
  };
}

function nameOf(key: LinkKey): string {
  return JSON.stringify(key);
}
