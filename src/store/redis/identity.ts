/**
 * Notices a Redis that lost everything: one that came back empty says of every good access token that
 * there is none. A mark is left where records are kept, and looked for as long as the store is open.
 */

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import { masters, nameOf } from './client.ts';
import { identityKey, markKey } from './keys.ts';

/** Whether the store is the one that it was when it was opened. */
export interface StoreIdentity {
  /** Looks. Throws Unavailable. */
  isSame(): Promise<boolean>;
  /** Resolves when what was not found is not there. Throws Unavailable where that is not known. */
  confirmAbsence(): Promise<void>;
  /** Something happened after which it may be another: it is looked before the next absence is told. */
  doubt(): void;
}

/** A mark of a random place is on a given master of a Cluster at the first try or one soon after. */
const markAttemptsMax = 200;
/** Looks before an absence is unknown, when there is doubt anew during each. */
const looksMax = 3;

/** Leaves a mark on every master at first sight, and from then on expects to find it. */
export function storeIdentity(asker: Asker, onWarning: (message: string) => void): StoreIdentity {
  const seen = new Map<string, string>();
  const keys = new Map<string, string>();
  let state: 'doubted' | 'same' | 'lost' = 'doubted';
  let doubts = 0;
  let underway: Promise<void> | undefined;

  /** Sees to it that there is a mark on a server. */
  const mark = async (server: Redis) => {
    const name = nameOf(server);
    const known = keys.get(name);
    if (known !== undefined && (await asker.ask(() => isStoredOn(server, known)))) return;
    const key = await asker.ask(() => keyOn(server));
    if (key === undefined) return;
    if (!seen.has(key)) {
      const value = await asker.ask(client => client.get(key));
      const kept = value ?? (await leave(asker, key));
      if (kept === undefined) return;
      seen.set(key, kept);
    }
    keys.set(name, key);
  };
  const look = async () => {
    const asked = doubts;
    const servers = masters(asker.client);
    if (servers.length === 0) throw new Unavailable('no Redis is known');
    await Promise.all(servers.map(mark));
    const found = await Promise.all(
      [...seen].map(async ([key, value]) => {
        return (await asker.ask(client => client.get(key))) === value;
      }),
    );
    const isSame = !found.includes(false);
    if (!isSame && state !== 'lost') onWarning(lostWarning);
    if (isSame && state === 'lost') onWarning('Redis holds the store again that it held before');
    if (!isSame) state = 'lost';
    else state = asked === doubts ? 'same' : 'doubted';
  };
  const lookOnce = () => {
    underway ??= look().finally(() => {
      underway = undefined;
    });
    return underway;
  };

  return {
    async isSame() {
      await lookOnce();
      return state !== 'lost';
    },
    async confirmAbsence() {
      for (let looks = 0; state === 'doubted' && looks < looksMax; looks++) await lookOnce();
      if (state !== 'same') throw new Unavailable('Redis may have lost what was in it');
    },
    doubt() {
      doubts++;
      if (state === 'same') state = 'doubted';
    },
  };
}

const lostWarning =
  `Redis does not hold the store any more that it held (${identityKey}): it came back empty, or is ` +
  'another one. What is not found there is unavailable until the store is brought back, or all ' +
  'replicas of Usher are started anew to go on with what is there';

/** Whether a server keeps what has this name; others of a Cluster answer MOVED. */
async function isStoredOn(server: Redis, key: string): Promise<boolean> {
  try {
    await server.exists(key);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('MOVED')) return false;
    throw error;
  }
}

/** The key of a mark that a server keeps. */
async function keyOn(server: Redis): Promise<string | undefined> {
  if (await isStoredOn(server, identityKey)) return identityKey;
  for (let n = 0; n < markAttemptsMax; n++) {
    if (await isStoredOn(server, markKey(n))) return markKey(n);
  }
  return undefined;
}

/** Leaves a mark, or finds that of who was faster. A Redis that takes no writes is marked later. */
async function leave(asker: Asker, key: string): Promise<string | undefined> {
  return asker.ask(async client => {
    await client.set(key, randomUUID(), 'NX').catch((error: Error) => {
      if (error.name !== 'ReplyError') throw error;
    });
    return (await client.get(key)) ?? undefined;
  });
}
