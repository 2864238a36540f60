/**
 * Detects a master of a Cluster that lost all data: emptied, it would report every valid access
 * token as unknown. Usher leaves a mark on each master beside that of the log, and checks them
 * while the store is open. (The log shows the same of its own master.)
 */

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import { masters, nameOf } from './client.ts';
import { createdKey, identityKey, markKey, marksKey, tokenKey } from './keys.ts';

/** Whether the masters still hold the marks. */
export interface StoreMarks {
  /** Checks them. Throws Unavailable, unless they were found missing before. */
  areThere(): Promise<boolean>;
  /**
   * Resolves when a key that was not found does not exist. Throws Unavailable when data may be
   * lost.
   */
  confirmAbsence(): Promise<void>;
  /** Data may have been lost: the next confirmAbsence checks the marks first. */
  doubt(): void;
  /** Goes on with the masters as they are, on all replicas. Throws Unavailable. */
  accept(): Promise<void>;
}

/** How many keys to try for one in a given master's slots; a few suffice in any real Cluster. */
const markAttemptsMax = 200;
/** Checks before confirmAbsence fails, when `doubt` is called during each. */
const looksMax = 3;
/** Access tokens whose records show that a master was not emptied: in any real Cluster, some of each. */
const shownTokens = 256;

/** Without a Cluster there is only the master of the log. */
export const noMarks: StoreMarks = {
  areThere: async () => true,
  confirmAbsence: async () => undefined,
  doubt: () => undefined,
  accept: async () => undefined,
};

/** What the marks need beside Redis. */
export interface MarksDeps {
  /**
   * How long a mark must have been there before it is listed, in milliseconds: longer than what a failover,
   * or a crash between two writes to disk, can lose.
   */
  settleMs: number;
  monotonicMs: () => number;
  onWarning: (message: string) => void;
  /** A master was emptied: what was not found before may be missing too. */
  onEmptied: () => void;
  /** A master lost its last writes: the records must be compared with the log. */
  onRolledBack: () => void;
}

/** A mark that is not listed yet: its value, and when this process first saw it. */
interface FreshMark {
  value: string;
  sinceMs: number;
}

/**
 * Leaves a mark on every master when it first sees it, lists it beside the log once it has settled, and
 * from then on expects to find it. So a replica that starts after a master was emptied misses its mark too.
 *
 * A failover can lose a mark that was just left. If the master still has the records of access tokens, it
 * was not emptied, and gets another mark.
 */
export function storeMarks(asker: Asker, deps: MarksDeps): StoreMarks {
  const { settleMs, monotonicMs, onWarning } = deps;
  /** The marks that the list held last, and those that could not be listed. */
  const seen = new Map<string, string>();
  const fresh = new Map<string, FreshMark>();
  const keys = new Map<string, string>();
  let state: 'doubted' | 'same' | 'lost' = 'doubted';
  let doubts = 0;
  let underway: Promise<void> | undefined;

  /** Ensures that a server has a mark. */
  const mark = async (server: Redis) => {
    const name = nameOf(server);
    const known = keys.get(name);
    const isKnown = known !== undefined && (await asker.ask(() => isStoredOn(server, known)));
    const key = isKnown ? known : await asker.ask(() => keyOn(server));
    if (key === undefined) return;
    if (key !== identityKey && !seen.has(key) && !fresh.has(key)) {
      const value = (await asker.ask(client => client.get(key))) ?? (await leave(asker, key));
      if (value === undefined) return;
      fresh.set(key, { value, sinceMs: monotonicMs() });
    }
    keys.set(name, key);
  };
  /** Lists a mark that has been there long enough, or whose master was emptied. */
  const settle = async ([key, { value, sinceMs }]: [string, FreshMark]) => {
    const found = seen.has(key) ? value : await asker.ask(client => client.get(key));
    if (found !== value && (await holdsRecords(asker))) {
      fresh.delete(key);
      return deps.onRolledBack();
    }
    if (found === value && monotonicMs() - sinceMs < settleMs) return;
    if (!seen.has(key)) seen.set(key, await list(asker, key, value));
    fresh.delete(key);
  };
  const look = async () => {
    const asked = doubts;
    const servers = masters(asker.client);
    if (servers.length === 0) throw new Unavailable('no Redis is known');
    await readList(asker, seen);
    await Promise.all(servers.map(mark));
    await Promise.all([...fresh].map(settle));
    const found = await Promise.all(
      [...seen].map(async ([key, value]) => {
        return (await asker.ask(client => client.get(key))) === value;
      }),
    );
    const isSame = !found.includes(false);
    const wasLost = state === 'lost';
    if (!isSame) state = 'lost';
    else state = asked === doubts ? 'same' : 'doubted';
    if (isSame && wasLost) onWarning('Redis holds the original store again');
    if (!isSame && !wasLost) {
      deps.onEmptied();
      onWarning(emptiedMaster);
    }
  };
  const lookOnce = () => {
    underway ??= look().finally(() => {
      underway = undefined;
    });
    return underway;
  };

  return {
    async areThere() {
      await lookOnce().catch(error => {
        if (state !== 'lost') throw error;
      });
      return state !== 'lost';
    },
    async confirmAbsence() {
      for (let looks = 0; state === 'doubted' && looks < looksMax; looks++) await lookOnce();
      if (state !== 'same') throw new Unavailable('Redis may have lost its data');
    },
    doubt() {
      doubts++;
      if (state === 'same') state = 'doubted';
    },
    async accept() {
      await asker.ask(client => client.del(marksKey));
      await lookOnce().catch(() => undefined);
      await lookOnce();
    },
  };
}

/** Reads the list into `seen`: without a mark that is gone from it, since its loss was accepted. */
async function readList(asker: Asker, seen: Map<string, string>): Promise<void> {
  const listed = await asker
    .ask(client => client.hgetall(marksKey))
    .catch((error: unknown) => {
      // Without the master of the log, what was seen before counts.
      if (error instanceof Unavailable) return undefined;
      throw error;
    });
  if (listed === undefined) return;
  seen.clear();
  for (const [key, value] of Object.entries(listed)) seen.set(key, value);
}

/** Lists a mark unless it is listed; returns the value that it should have. */
async function list(asker: Asker, key: string, value: string): Promise<string> {
  return await asker.ask(async client => {
    await client.hsetnx(marksKey, key, value).catch(ignoreRefusal);
    return (await client.hget(marksKey, key)) ?? value;
  });
}

/**
 * Whether the first access tokens of the index all have their records. A token enters the index after its
 * record was written, so one that lacks it was lost.
 */
async function holdsRecords(asker: Asker): Promise<boolean> {
  const ids = await asker.ask(client =>
    client.zrangebylex(createdKey, '-', '+', 'LIMIT', 0, shownTokens),
  );
  const counts = await Promise.all(ids.map(id => asker.ask(client => client.exists(tokenKey(id)))));
  return !counts.includes(0);
}

/** Why a Cluster is down, one of whose masters lost its marks. */
export const emptiedMaster =
  `a master of the Redis Cluster no longer holds what was there (${markKey(0)}): it came back ` +
  'empty. What is not found there is unavailable until it is restored, or until usher store accept';

/** Whether a server serves a key; other nodes of a Cluster answer MOVED. */
async function isStoredOn(server: Redis, key: string): Promise<boolean> {
  try {
    await server.exists(key);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('MOVED')) return false;
    throw error;
  }
}

/** The key of a mark in a server's slots, or the identity's on the server of the log. */
async function keyOn(server: Redis): Promise<string | undefined> {
  if (await isStoredOn(server, identityKey)) return identityKey;
  for (let n = 0; n < markAttemptsMax; n++) {
    if (await isStoredOn(server, markKey(n))) return markKey(n);
  }
  return undefined;
}

/** Leaves a mark unless another process did; returns it. Undefined when Redis accepts no writes. */
async function leave(asker: Asker, key: string): Promise<string | undefined> {
  const own = randomUUID();
  return asker.ask(async client => {
    const reply = await client.set(key, own, 'NX').catch(ignoreRefusal);
    // It is not read back: the master may be emptied at any moment from now on.
    if (reply === 'OK') return own;
    return (await client.get(key)) ?? (reply === null ? goneMark : undefined);
  });
}

/** Stands for a mark that another process left, and that was gone before it could be read. */
const goneMark = '';

function ignoreRefusal(error: Error): void {
  if (error.name !== 'ReplyError') throw error;
}
