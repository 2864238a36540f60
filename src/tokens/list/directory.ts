/**
 * The directory: a short form of every access token in the memory of this process, by which lists search
 * and sort. It is made when it is first needed, and forgotten some time after it was last used. Before
 * each use it reads from the audit log what changed, so it is as current as the store.
 */

import { type ChainedEvent, type ChainHead, headOf, linkHash } from '../../store/audit.ts';
import type { Store } from '../../store/store.ts';
import { rest } from '../../timing/slices.ts';
import type { DirectoryLimits } from '../limits.ts';
import { bytesOf, createShortener, type Listed, type Shortener } from './listed.ts';
import { createSearches, type Searches } from './searches.ts';

/** What the directory holds at the moment. */
export interface DirectoryView {
  entries: ReadonlyMap<string, Listed>;
  /** How many of the access tokens were read, and how often they were used if that was asked for. */
  searched: number;
  /** Whether all were. */
  isComplete: boolean;
  /** While not all were: those with this id or a later one were, without how often they were used. */
  readFrom: string | undefined;
}

/** The directory of this process. */
export interface Directory {
  /**
   * The directory as the store is now, after at most `waitMs`; with the time of the last use of each
   * where `withUsage`, which can be a minute old. Undefined when there is no room for it. Throws
   * Unavailable.
   */
  view(withUsage: boolean, waitMs: number): Promise<DirectoryView | undefined>;
  /** Begins to make it, for someone who will search soon. */
  warm(): void;
  /** Runs a search of its entries when it is its turn. */
  search: Searches;
  /** What it holds, in bytes. */
  readonly bytes: number;
  /** Forgets everything, and ends what is under way. */
  close(): void;
}

/** What it needs. */
export interface DirectoryDeps {
  store: Pick<Store, 'scan' | 'count' | 'usage' | 'get' | 'head' | 'events'>;
  limits: DirectoryLimits;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** A clock that never jumps, in milliseconds. */
  monotonicMs: () => number;
}

/** Creates it, empty. */
export function createDirectory(deps: DirectoryDeps): Directory {
  const { limits, monotonicMs } = deps;
  let content: Content | undefined;
  /** Until when it counts as too large, without another look. */
  let isTooLargeUntil = Number.NEGATIVE_INFINITY;
  let idle: NodeJS.Timeout | undefined;

  const forget = (old = content) => {
    old?.end();
    if (content === old) content = undefined;
  };
  const use = () => {
    clearTimeout(idle);
    idle = setTimeout(forget, limits.idleMs).unref();
  };
  return {
    get bytes() {
      return content?.bytes ?? 0;
    },
    search: createSearches(limits),
    warm() {
      if (content !== undefined || limits.bytesMax === 0 || monotonicMs() < isTooLargeUntil) return;
      content = createContent(deps);
      use();
    },
    async view(withUsage, waitMs) {
      if (limits.bytesMax === 0 || monotonicMs() < isTooLargeUntil) return undefined;
      use();
      content ??= createContent(deps);
      const opened = content;
      try {
        const seen = await opened.view(withUsage, waitMs);
        if (seen === 'too large') {
          isTooLargeUntil = monotonicMs() + limits.idleMs;
          forget(opened);
          return undefined;
        }
        if (seen !== 'another store') return seen;
      } catch (error) {
        forget(opened);
        throw error;
      }
      // The log is not the one that was followed: what was read may be of another store.
      forget(opened);
      return { entries: new Map(), searched: 0, isComplete: false, readFrom: undefined };
    },
    close() {
      clearTimeout(idle);
      forget();
    },
  };
}

interface Content {
  view(withUsage: boolean, waitMs: number): Promise<DirectoryView | 'too large' | 'another store'>;
  readonly bytes: number;
  end(): void;
}

function createContent(deps: DirectoryDeps): Content {
  const { store, limits, monotonicMs } = deps;
  const shortener: Shortener = createShortener();
  const entries = new Map<string, Listed>();
  let bytes = 0;
  let hasEnded = false;
  let readFrom: string | undefined = '~';
  let isTooLarge = false;
  /** How far the audit log was followed; undefined before the first look. */
  let followed: ChainHead | undefined;
  let isOther = false;

  const add = (listed: Listed) => {
    const known = entries.get(listed.id);
    if (known !== undefined && known.revision > listed.revision) return;
    bytes += bytesOf(listed) - (known === undefined ? 0 : bytesOf(known));
    entries.set(listed.id, listed);
  };
  /** A failover can lose one that was just created. */
  const remove = (id: string) => {
    const known = entries.get(id);
    if (known !== undefined) bytes -= bytesOf(known);
    entries.delete(id);
  };
  const size = () => bytes + shortener.bytes;

  const readAll = async () => {
    followed = await store.head();
    const total = await store.count();
    for (let after: string | undefined; !hasEnded; ) {
      const limit = limits.readAtOnce;
      const page = await store.scan({ order: 'newest', limit, ...(after && { after }) });
      for (const record of page.records) add(shortener.shorten(record));
      // What the first thousand take tells what all will.
      const expected = entries.size < 1000 ? size() : (size() / entries.size) * total;
      isTooLarge = expected > limits.bytesMax;
      if (isTooLarge) return;
      after = page.cursor;
      readFrom = after;
      if (after === undefined) return;
      await rest();
    }
  };
  const reading = readAll();
  // Each view waits for it, and gets its error.
  reading.catch(() => undefined);

  const usage = createUsageReader(deps, entries, () => hasEnded);
  let following: Promise<void> = Promise.resolve();
  const followOnce = async () => {
    while (followed !== undefined && !isOther && !hasEnded) {
      const events: ChainedEvent[] = await store.events({
        order: 'oldest',
        after: followed.sequence,
        limit: limits.readAtOnce,
      });
      const at: ChainHead = followed;
      isOther = events.length > 0 ? !continues(at, events[0]) : !isAt(at, await store.head());
      if (isOther || events.length === 0) return;
      const ids = new Set(events.map(({ tokenId }) => tokenId).filter(id => id !== ''));
      await Promise.all(
        [...ids].map(async id => {
          const record = await store.get(id);
          if (record === undefined) remove(id);
          else add(shortener.shorten(record, entries.get(id)));
        }),
      );
      followed = headOf(events.at(-1) as ChainedEvent);
      if (events.length < limits.readAtOnce) return;
      await rest();
    }
  };
  /** One at a time; an error is that of each caller that waits for the same one. */
  const follow = async () => {
    following = following.catch(() => undefined).then(followOnce);
    await following;
  };

  return {
    get bytes() {
      return size();
    },
    async view(withUsage, waitMs) {
      const until = monotonicMs() + waitMs;
      await within(reading, waitMs);
      if (isTooLarge || size() > limits.bytesMax) return 'too large';
      await follow();
      if (isOther) return 'another store';
      if (readFrom !== undefined) {
        const searched = withUsage ? Math.floor(entries.size / 2) : entries.size;
        return { entries, searched, isComplete: false, readFrom };
      }
      const left = withUsage ? await usage.left(until - monotonicMs()) : 0;
      const searched = entries.size - Math.ceil(left / 2);
      return { entries, searched, isComplete: left === 0, readFrom: undefined };
    },
    end() {
      hasEnded = true;
    },
  };
}

/** Reads when access tokens were last used. */
function createUsageReader(
  { store, limits, now, monotonicMs }: DirectoryDeps,
  entries: ReadonlyMap<string, Listed>,
  hasEnded: () => boolean,
) {
  let done = 0;
  let reading: Promise<void> | undefined;
  let readAt: number | undefined;
  const readAll = async () => {
    const began = monotonicMs();
    const ids = [...entries.keys()];
    for (done = 0; done < ids.length && !hasEnded(); done += limits.readAtOnce) {
      const some = ids.slice(done, done + limits.readAtOnce);
      for (const [n, { lastUsedAt = 0 }] of (await store.usage(some)).entries()) {
        const listed = entries.get(some[n] as string);
        if (listed === undefined || listed.lastUsedAt >= lastUsedAt) continue;
        listed.useSeenAt = readAt === undefined ? lastUsedAt : now();
        listed.lastUsedAt = lastUsedAt;
      }
      await rest();
    }
    readAt = began;
  };
  return {
    /** How many are left to be read for the first time after at most `waitMs`. Later it reads them again. */
    async left(waitMs: number): Promise<number> {
      if (readAt === undefined || monotonicMs() - readAt > limits.usageAgeMs) {
        reading ??= readAll().finally(() => {
          reading = undefined;
        });
        reading.catch(() => undefined);
      }
      if (readAt !== undefined) return 0;
      if (reading !== undefined) await within(reading, waitMs);
      return readAt === undefined ? Math.max(1, entries.size - done) : 0;
    },
  };
}

/** Waits for a promise, for some time at most. Rejects as it does. */
async function within(promise: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>(resolve => {
    timer = setTimeout(resolve, Math.max(0, waitMs));
  });
  await Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

/** Whether an entry of the log is chained to what was its end. */
function continues(head: ChainHead, event: ChainedEvent | undefined): boolean {
  if (event === undefined || event.sequence !== head.sequence + 1) return false;
  const { hash, ...entry } = event;
  return linkHash(head.hash, entry) === hash;
}

/** Whether the log ends where it was followed to, or has gone on since. */
function isAt(followed: ChainHead, head: ChainHead): boolean {
  if (head.sequence > followed.sequence) return true;
  return head.sequence === followed.sequence && head.hash === followed.hash;
}
