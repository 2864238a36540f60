/**
 * A cache bounded in bytes, and fair: an owner may use what the others leave free, but no owner can
 * push out those who have less than their share.
 */

import type { CacheLimits } from './weighed-cache.ts';

/** An owner with more than this part of the memory loses its entries before all others. */
const share = 1 / 4;

/** The cache. `S` is what all entries of an owner have in common. */
export interface FairCache<V, S> {
  /** What all entries weigh, in bytes. */
  readonly bytes: number;
  /** The entry, which then counts as recently used. */
  get(key: string): V | undefined;
  /** What the entries of an owner share; undefined when there are none. */
  shared(owner: string): S | undefined;
  /**
   * Adds or replaces an entry. An owner's entries that share another object become obsolete. An
   * entry that weighs more than an owner's share is not kept.
   */
  set(key: string, value: Weighed<V>, owner: string, shared: Weighed<S>): void;
  /** Makes an owner's entries obsolete: they are found until they are evicted, before all others. */
  retire(owner: string): void;
  /** Removes an entry. */
  delete(key: string): void;
  /** Removes all entries. */
  clear(): void;
}

/** A value and its weight in bytes. */
interface Weighed<T> {
  value: T;
  bytes: number;
}

/** The entries of an owner, in the order in which they were added. */
interface Group<V, S> {
  owner: string;
  shared: S;
  bytes: number;
  oldest: Entry<V, S> | undefined;
  newest: Entry<V, S> | undefined;
}

interface Entry<V, S> {
  key: string;
  value: V;
  bytes: number;
  group: Group<V, S>;
  /** Whether it was used since it was added, or last spared. */
  isUsed: boolean;
  /** The neighbours in its group. */
  older: Entry<V, S> | undefined;
  newer: Entry<V, S> | undefined;
  /** The neighbours in the order of eviction. */
  before: Entry<V, S> | undefined;
  after: Entry<V, S> | undefined;
}

/** What the cache itself needs for an entry, and for an owner, in bytes. */
const entryBytes = 320;
const ownerBytes = 160;
/** The cache's tables have room for so light entries, in bytes; of lighter ones, fewer are kept. */
const lightestBytes = 1024;
/** Obsolete entries that are evicted with each new one, so that none stay in the end. */
const obsoletePerSet = 2;

/** Creates an empty cache. */
export function createFairCache<V, S>(limits: CacheLimits): FairCache<V, S> {
  const { bytesMax, entriesMax } = limits;
  const shareMax = bytesMax * share;
  const groups = new Map<string, Group<V, S>>();
  /** The groups above the share: fewer than five. */
  const heavy = new Set<Group<V, S>>();
  const obsolete: Group<V, S>[] = [];
  let bytes = 0;

  const countMax = Math.max(1, Math.min(entriesMax, Math.ceil(bytesMax / lightestBytes)));
  const entries = new Map<string, Entry<V, S>>();
  /** All entries in the order of eviction, which a use does not change: `coldest` spares them. */
  let first: Entry<V, S> | undefined;
  let last: Entry<V, S> | undefined;

  limits.meter?.(() => bytes);

  const weigh = (group: Group<V, S>, change: number) => {
    group.bytes += change;
    bytes += change;
    const isCurrent = groups.get(group.owner) === group;
    if (isCurrent && group.bytes > shareMax) heavy.add(group);
    else heavy.delete(group);
  };

  const append = (entry: Entry<V, S>) => {
    entry.before = last;
    entry.after = undefined;
    if (last === undefined) first = entry;
    else last.after = entry;
    last = entry;
  };
  const takeOut = ({ before, after }: Entry<V, S>) => {
    if (before === undefined) first = after;
    else before.after = after;
    if (after === undefined) last = before;
    else after.before = before;
  };
  /** The first entry that was not used, but not the new one. Used ones get a second chance, at the end. */
  const coldest = (added: Entry<V, S>) => {
    while (first !== undefined && first !== last && (first.isUsed || first === added)) {
      const spared = first;
      spared.isUsed = false;
      takeOut(spared);
      append(spared);
    }
    return first;
  };

  const link = (entry: Entry<V, S>) => {
    append(entry);
    const { group } = entry;
    entry.older = group.newest;
    if (group.newest === undefined) group.oldest = entry;
    else group.newest.newer = entry;
    group.newest = entry;
    weigh(group, entry.bytes);
  };

  const unlink = (entry: Entry<V, S>) => {
    const { older, newer, group, bytes: freed } = entry;
    takeOut(entry);
    if (older === undefined) group.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) group.newest = older;
    else newer.older = older;
    if (group.oldest !== undefined) return weigh(group, -freed);
    if (groups.get(group.owner) === group) groups.delete(group.owner);
    weigh(group, -group.bytes);
  };

  const retire = (group: Group<V, S>) => {
    groups.delete(group.owner);
    heavy.delete(group);
    obsolete.push(group);
  };

  const groupOf = (owner: string, shared: Weighed<S>) => {
    const known = groups.get(owner);
    if (known?.shared === shared.value) return known;
    if (known !== undefined) retire(known);
    const group = { owner, shared: shared.value, bytes: 0, oldest: undefined, newest: undefined };
    groups.set(owner, group);
    weigh(group, ownerBytes + shared.bytes);
    return group;
  };

  const remove = (entry: Entry<V, S> | undefined) => {
    if (entry === undefined) return;
    entries.delete(entry.key);
    unlink(entry);
  };

  const evictObsolete = () => {
    const oldest = obsolete.at(-1)?.oldest;
    if (oldest === undefined) obsolete.pop();
    else remove(oldest);
  };

  /** The coldest entry, unless its owner has less than its share and another has more. */
  const evict = (added: Entry<V, S>) => {
    const from = heavy.has(added.group) ? added.group : heavy.values().next().value;
    const cold = coldest(added);
    const isSpared = cold !== undefined && !heavy.has(cold.group);
    remove(isSpared ? (from?.oldest ?? cold) : cold);
  };

  return {
    get bytes() {
      return bytes;
    },
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.isUsed = true;
      return entry.value;
    },
    shared: owner => groups.get(owner)?.shared,
    set(key, { value, bytes: weight }, owner, shared) {
      if (weight + shared.bytes > shareMax) return remove(entries.get(key));
      const group = groupOf(owner, shared);
      const entry: Entry<V, S> = {
        ...{ key, value, bytes: weight + entryBytes, group, isUsed: false },
        ...{ older: undefined, newer: undefined, before: undefined, after: undefined },
      };
      // Linked first, so that its group survives the removal of the entry that it replaces.
      link(entry);
      remove(entries.get(key));
      entries.set(key, entry);
      for (let step = 0; step < obsoletePerSet; step++) evictObsolete();
      while (bytes > bytesMax || entries.size > countMax) {
        if (obsolete.length > 0) evictObsolete();
        else evict(entry);
      }
    },
    retire(owner) {
      const group = groups.get(owner);
      if (group !== undefined) retire(group);
    },
    delete: key => remove(entries.get(key)),
    clear() {
      while (first !== undefined) remove(first);
      obsolete.length = 0;
    },
  };
}
