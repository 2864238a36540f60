/** Shows what a replica knows of its store, and accepts a store as it is. */

import { randomUUID } from 'node:crypto';
import type { AcceptedBy, StoreStatus } from '../status.ts';
import { endOf } from './check.ts';
import { lostChangesMax } from './loss-entries.ts';
import { acceptAction } from './lost.ts';
import type { Memory } from './memory.ts';
import type { WatchedStore } from './notes.ts';

/** Hashes of lost entries that one acceptance names. */
const acceptedHashesMax = 256;

/** The status. Never rejects: what the store does not answer is left out. */
export async function statusOf(
  store: WatchedStore,
  memory: Memory,
  replica: string,
  problem: string | undefined,
): Promise<StoreStatus> {
  const storeIdentity = (await optional(async () => store.notes.read()))?.identity;
  const storeHead = await optional(() => endOf(store.reads));
  const replicas = await optional(async () => store.notes.heads());
  const head = memory.head();
  return {
    replica,
    ...(memory.identity === undefined ? {} : { identity: memory.identity }),
    ...(head === undefined ? {} : { head }),
    ...(storeIdentity === undefined ? {} : { storeIdentity }),
    ...(storeHead === undefined ? {} : { storeHead }),
    ...(problem === undefined ? {} : { problem }),
    lost: memory.lost.changes().slice(0, lostChangesMax),
    replicas: replicas ?? [],
  };
}

async function optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

/**
 * Accepts the store as it is: the other replicas learn from the hashes that their head was among
 * what was lost, and from the audit entry that lost changes are accepted. Throws Unavailable.
 */
export async function accept(
  store: WatchedStore,
  memory: Memory,
  { actor, peer }: AcceptedBy,
  problem: string | undefined,
  time: number,
): Promise<void> {
  const hashes = memory.gone.slice(-acceptedHashesMax).map(({ hash }) => hash);
  // A store that came back empty gets an identity of its own.
  await store.notes.accept(randomUUID(), hashes);
  const { identity } = await store.notes.read();
  const lost = `${memory.lost.changes().length} lost changes`;
  const detail = problem === undefined ? lost : `${lost}; ${problem}`;
  const event = { id: randomUUID(), time, action: acceptAction, actor, peer, tokenId: '' };
  await store.changes.append({ ...event, detail, requestId: '' });
  await store.notes.forgetLosses();
  await memory.adopt(identity ?? '');
}
