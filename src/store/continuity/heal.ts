/** Puts back what a store lost, and writes to the log what cannot be put back. */

import { randomUUID } from 'node:crypto';
import type { AuditEvent, ChainedEvent } from '../audit.ts';
import type { AccessTokenRecord, JsonObject, RevokedJwts } from '../record.ts';
import type { LogPoint, LostChange } from '../status.ts';
import { Unavailable } from '../store.ts';
import { endOf, findFork, logStart, readOn } from './check.ts';
import { isDocumentEntry, lostDocumentsOf, nameOf, putRemovalsBack } from './documents.ts';
import { usherEvent } from './events.ts';
import { healedAction, type Loss, lossEntries, namedIn } from './loss-entries.ts';
import { createLostChanges } from './lost.ts';
import type { Memory } from './memory.ts';
import type { ChangedStore, StoreNotes } from './notes.ts';
import { lostChangesOf } from './records.ts';
import type { Revocation, TailEntry } from './tail.ts';

/**
 * Heals a store of the known identity that lost the end of its log: puts back what it can, notes
 * the rest in the log, and goes on from where the log was cut. With `isApart`, records are on servers
 * of their own, which can have lost changes that the log has. Throws Unavailable.
 *
 * 'whole' when this connection's server lost nothing. 'gap' when more was lost than is remembered,
 * and 'hole' when entries of other replicas are missing, which those may still tell in the log;
 * revocations are put back then too.
 */
export async function heal(
  { changes: store, notes }: { changes: ChangedStore; notes: Pick<StoreNotes, 'keepLoss'> },
  memory: Memory,
  now: () => number,
  isApart: boolean,
): Promise<{ loss: Loss; fork: LogPoint } | 'gap' | 'hole' | 'whole'> {
  const { tail, own, lost } = memory;
  const head = memory.head() ?? logStart;
  const end = await endOf(store);
  if (memory.holeAt === end.hash) return 'hole';
  const fork = await findFork(store, tail);
  const after = fork?.sequence ?? 0;
  const gone = tail.entries().filter(({ sequence }) => sequence > after);
  const kept = isApart ? await lostChangesOf(store, memory, Number.POSITIVE_INFINITY) : [];
  const cut = [...kept.filter(({ sequence }) => sequence <= after), ...gone];
  const beyond = own.entries();
  const all = [...cut, ...beyond];
  if (fork?.hash === head.hash && cut.length === 0) return 'whole';
  await putBack(store, all, now);
  await putRemovalsBack(store, all, now);
  memory.gone = [...all, head];
  if (fork === undefined) return 'gap';
  const fresh = await lossOf(store, all);
  // A loss before it, whose entry is lost now, would be forgotten.
  const isAgain = all.some(({ action }) => action === healedAction);
  const loss = isAgain ? joined(lost.all(), fresh) : fresh;
  if (all.length > 0) {
    const known = [...gone, ...beyond];
    const entries = lossEntries({ known, isHoled: beyond.length > 0, fork, loss }, head, now());
    for (const { event, part } of entries) {
      // Kept before the entry is written: a replica that starts days later does not read the entry.
      await notes.keepLoss(event.id, part);
      await store.note(event);
    }
    lost.add(loss);
  }
  const more = await readOn(store, fork);
  if (more === undefined) throw new Unavailable('the store changed while it was healed');
  if (!own.areLinked(namedIn(more))) {
    memory.holeAt = headOf(more) ?? fork.hash;
    return 'hole';
  }
  memory.holeAt = undefined;
  tail.cutAfter(fork);
  tail.append(more);
  own.clear();
  lost.read(more);
  return { loss, fork };
}

const headOf = (events: readonly ChainedEvent[]) => events.at(-1)?.hash;

/** Attempts at putting back one revocation while others change the access token. */
const attemptsMax = 8;
/** Access tokens that are worked on at a time. */
const atOnceMax = 16;

/**
 * Puts back each revocation that the store lacks, as an ordinary change. A revocation is final and
 * only grows, so any number of replicas can do this at the same time, in any order. Throws
 * Unavailable.
 */
async function putBack(
  store: ChangedStore,
  entries: readonly TailEntry[],
  now: () => number,
): Promise<void> {
  const revocations = [...byToken(entries)];
  for (let i = 0; i < revocations.length; i += atOnceMax) {
    const some = revocations.slice(i, i + atOnceMax);
    await Promise.all(some.map(([id, revocation]) => putOneBack(store, id, revocation, now)));
  }
}

/** The revocations of each access token, joined. */
function byToken(entries: readonly TailEntry[]): Map<string, Revocation> {
  const joined = new Map<string, Revocation>();
  for (const { tokenId, revocation } of entries) {
    if (revocation === undefined) continue;
    const before = joined.get(tokenId) ?? {};
    const jwts = grown(before.jwts, revocation.jwts);
    joined.set(tokenId, { ...before, ...revocation, ...(jwts === undefined ? {} : { jwts }) });
  }
  return joined;
}

async function putOneBack(
  store: ChangedStore,
  id: string,
  revocation: Revocation,
  now: () => number,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = await store.get(id);
    const made = before && withRevocation(before, revocation);
    if (before === undefined || made === undefined) return;
    const { fields, action, after } = made;
    const eventId = randomUUID();
    const revision = before.revision + 1;
    const time = now();
    const record = { ...before, ...fields, revision, updatedAt: time, eventId };
    const event: AuditEvent = {
      ...usherEvent(eventId, time, action, 'put back after the store lost it'),
      tokenId: id,
      tokenName: before.name,
      before: { revision: before.revision },
      after: { ...after, revision },
    };
    const { outcome } = await store.commit({ before, record, event });
    if (outcome !== 'conflict') return;
  }
  throw new Unavailable('an access token changes too fast to put a revocation back');
}

/** What a record lacks of a revocation; undefined when it lacks nothing. */
function withRevocation(
  record: AccessTokenRecord,
  { revokedAt, revokeReason, jwts }: Revocation,
): { fields: Partial<AccessTokenRecord>; action: string; after: JsonObject } | undefined {
  if (record.revokedAt !== undefined) return undefined;
  if (revokedAt !== undefined) {
    const fields = { revokedAt, ...(revokeReason === undefined ? {} : { revokeReason }) };
    return { fields, action: 'token.revoke', after: fields };
  }
  const revokedJwts = grown(record.revokedJwts, jwts);
  if (jwts === undefined || JSON.stringify(revokedJwts) === JSON.stringify(record.revokedJwts)) {
    return undefined;
  }
  const fields = revokedJwts === undefined ? {} : { revokedJwts };
  return { fields, action: 'jwt.revoke', after: { jwtsRevoked: jwts as unknown as JsonObject } };
}

/**
 * Both revocations together: of each, the later time. Where their hashes have different keys, those of
 * the second cannot be added, and all JWTs issued up to the latest of them are revoked instead.
 */
function grown(a: RevokedJwts | undefined, b: RevokedJwts | undefined): RevokedJwts | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.key && b.key && a.key.value !== b.key.value) return grown(a, { issuedBefore: latest(b) });
  const key = a.key ?? b.key;
  const issuedBefore = Math.max(a.issuedBefore ?? 0, b.issuedBefore ?? 0);
  const ids = later(a.ids, b.ids);
  const subjects = later(a.subjects, b.subjects);
  return {
    ...(issuedBefore === 0 ? {} : { issuedBefore }),
    ...(key === undefined ? {} : { key }),
    ...(ids === undefined ? {} : { ids }),
    ...(subjects === undefined ? {} : { subjects }),
  };
}

function latest({ issuedBefore = 0, ids = {}, subjects = {} }: RevokedJwts): number {
  return Math.max(issuedBefore, ...Object.values(ids), ...Object.values(subjects));
}

function later(a: Record<string, number> | undefined, b: Record<string, number> | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  const joined = { ...a };
  for (const [name, time] of Object.entries(b)) joined[name] = Math.max(joined[name] ?? 0, time);
  return joined;
}

/**
 * What is lost of the changes that the log has lost. In a Cluster, a record can be whole on a shard
 * of its own. Call it after what can be put back was. Throws Unavailable.
 */
async function lossOf(store: ChangedStore, entries: readonly TailEntry[]): Promise<Loss> {
  const changes = entries.filter(({ revision }) => revision !== undefined);
  const newest = new Map(changes.map(entry => [entry.tokenId, entry]));
  const altered = new Set(changes.filter(isNotPutBack).map(({ tokenId }) => tokenId));
  const whole = new Set<string>();
  const tokenIds: string[] = [];
  for (const [id, { eventId }] of newest) {
    const record = await store.get(id);
    if (record?.eventId === eventId) whole.add(id);
    else if (altered.has(id) && record?.revokedAt === undefined) tokenIds.push(id);
  }
  const { documents, whole: kept } = await lostDocumentsOf(store, entries);
  const lost = entries.filter(entry =>
    isDocumentEntry(entry)
      ? !kept.has(nameOf(entry.document))
      : entry.revision !== undefined && !whole.has(entry.tokenId),
  );
  return { changes: lost.map(lostChange), tokenIds, documents };
}

/** Both losses, without what they share. */
function joined(a: Loss, b: Loss): Loss {
  const both = createLostChanges();
  both.add(a);
  both.add(b);
  return both.all();
}

/** A secret that is sealed with another master key is the same secret: its loss changes no verdict. */
function isNotPutBack({ revocation, action }: TailEntry): boolean {
  return revocation === undefined && action !== 'token.reseal';
}

function lostChange(entry: TailEntry): LostChange {
  const { sequence, time, action, tokenId, revocation, document } = entry;
  const isPutBack = document ? document.revision === undefined : revocation !== undefined;
  const named = document === undefined ? {} : { document: nameOf(document) };
  return { sequence, time, action, tokenId, isPutBack, ...named };
}
