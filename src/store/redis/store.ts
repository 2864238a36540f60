/** The Redis store, which replicas of Usher share: a single server, Sentinels, or a Cluster. */

import type { RedisAddress } from '../address.ts';
import { createCoherentReader } from '../cache/coherent.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import { changesLost } from '../continuity/lost.ts';
import type { StateFile } from '../continuity/state-file.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import type { Store } from '../store.ts';
import { closable } from './closable.ts';
import { redisEndSession } from './ended-sessions.ts';
import { type Get, masterGet, plainGet } from './get.ts';
import { redisImported } from './imported.ts';
import { type RedisKeyLedger, redisKeyLedger } from './key-ledger.ts';
import { createdKey, endedSessionKey, ownerKey, requestKey } from './keys.ts';
import { redisLimitCounts } from './limit-counts.ts';
import type { RedisLimits } from './limits.ts';
import { readToken, scanTokens } from './list.ts';
import { type RedisParts, redisParts } from './parts.ts';
import { type Running, run } from './running.ts';
import { redisSigner } from './sign-records.ts';
import { withTls } from './tls.ts';
import { redisTransfer } from './transfer.ts';
import { redisUsage } from './usage.ts';

/** Options of openRedis. */
export interface RedisStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  /** Remembers the head of the log over a restart; absent for not. */
  stateFile?: StateFile | undefined;
  /** Called for each record that is read and is not as Usher wrote it. */
  onBroken?: OnBrokenRecord;
  /** Signs and checks what the store holds. */
  seal: RecordSeal;
  /** The version of Usher, which operators see beside the other replicas'. */
  version?: string;
  limits: RedisLimits;
  cache: CoherentLimits;
}

/**
 * Opens the store. While Redis cannot be reached, the store is open but not up, and keeps trying.
 * Throws StoreMismatch when the store is not one for this version and these master keys (one that is
 * found later is not up), and TlsFileError when a file for TLS cannot be used.
 */
export async function openRedis(address: RedisAddress, options: RedisStoreOptions): Promise<Store> {
  const target = withTls(address, options.onWarning ?? (() => undefined));
  const parts = redisParts(target, options);
  const running = await run(parts, options.limits);
  const gate = closable();
  const access = accessTo(parts, options.limits, gate);
  const { state, skew, guard } = parts;
  return {
    health: state.health,
    feed: running.feed,
    clockSkewMs: skew.ms,
    ...recordsOf(parts, running, access, options),
    ...changesOf(parts, access, options),
    ...importedOf(parts, running, access, options),
    ...transferOf(parts, options.limits),
    ...logOf(parts, access),
    ...sessionsOf(parts, access, options),
    ...documentsOf(parts, access),
    storeStatus: guard.continuity.storeStatus,
    acceptStore: by => gate.pass(() => guard.accept(by)),
    close: () => running.close(gate.close),
  };
}

/** How callers reach what is stored: not after the end, and only while the store is what it was. */
interface Access {
  gate: ReturnType<typeof closable>;
  /** Reads a key for verification. */
  getKey: Get;
  /** Reads, and answers once what was read may be used. */
  read<T>(ask: () => Promise<T>): Promise<T>;
  /** Writes into a store that is what it was. */
  write<T>(task: () => Promise<T>): Promise<T>;
}

function accessTo(
  { reads, state, guard, isCluster }: RedisParts,
  { leaseMs }: RedisLimits,
  gate: Access['gate'],
): Access {
  return {
    gate,
    getKey: guard.guarded(isCluster ? plainGet(reads) : masterGet(reads, state, leaseMs)),
    read: ask =>
      gate.pass(async () => {
        const answer = await ask();
        await guard.confirm();
        return answer;
      }),
    write: task =>
      gate.pass(async () => {
        await guard.confirm();
        return await task();
      }),
  };
}

function recordsOf(
  { admin, records, guard, monotonicMs }: RedisParts,
  { feed }: Running,
  { gate, getKey, read }: Access,
  { cache }: RedisStoreOptions,
) {
  const get = (id: string) => gate.pass(() => readToken(getKey, records, id));
  /** For verification: a record that lost a change is not what it was. */
  const getWhole = async (id: string) => {
    const record = await get(id);
    if (record?.revokedAt === undefined && guard.continuity.isLost(id)) {
      throw changesLost('access token');
    }
    return record;
  };
  return {
    get,
    ...createCoherentReader({ get: getWhole }, feed, monotonicMs, cache),
    scan: scan => read(() => scanTokens(admin, records, scan)),
    count: owner => {
      const index = owner === undefined ? createdKey : ownerKey(owner);
      return read(() => admin.ask(client => client.zcard(index)));
    },
  } satisfies Partial<Store>;
}

function changesOf(
  { admin, committer, records, schema }: RedisParts,
  { read, write }: Access,
  { limits, now, seal }: RedisStoreOptions,
) {
  const signer = redisSigner(admin, records, schema, limits);
  return {
    commit: change => write(() => committer.commit(change)),
    findRequest: key =>
      read(async () => {
        const text = await admin.ask(client => client.get(requestKey(key)));
        const request = text === null ? undefined : await records.decodeRequest(key, text);
        return request !== undefined && request.keepUntil > now() ? request : undefined;
      }),
    settle: tokenId => write(() => committer.settle(tokenId)),
    signRecords: ids => write(() => signer.signRecords(ids)),
    signImported: () => write(() => signer.signImported()),
    signDocuments: () => write(() => signer.signDocuments()),
    endMigration: () => write(() => signer.endMigration()),
    ...ledgerOf(redisKeyLedger(admin, seal, limits), read, write),
  } satisfies Partial<Store>;
}

function ledgerOf(ledger: RedisKeyLedger, read: Access['read'], write: Access['write']) {
  return {
    keyChecks: () => read(ledger.keyChecks),
    noteKey: id => write(() => ledger.noteKey(id)),
    forgetKey: id => write(() => ledger.forgetKey(id)),
    recordKeys: (after, limit) => read(() => ledger.recordKeys(after, limit)),
    entryKeys: (after, limit) => read(() => ledger.entryKeys(after, limit)),
    documentKeys: (after, limit) => read(() => ledger.documentKeys(after, limit)),
  } satisfies Partial<Store>;
}

function importedOf(
  { admin, records, monotonicMs }: RedisParts,
  { feed }: Running,
  { gate, getKey, write }: Access,
  { limits, cache }: RedisStoreOptions,
) {
  const stored = { get: getKey, admin, records };
  const imported = redisImported(stored, feed, limits, monotonicMs, cache);
  return {
    importedForms: () => gate.passNow(() => imported.importedForms()),
    findImported: digest => gate.passNow(() => imported.findImported(digest)),
    reserveImported: (forms, entries) => write(() => imported.reserveImported(forms, entries)),
    dropForms: dropped => write(() => imported.dropForms(dropped)),
    settleImported: digests => write(() => imported.settleImported(digests)),
  } satisfies Partial<Store>;
}

function transferOf({ admin, records, schema, guard }: RedisParts, limits: RedisLimits) {
  const transfer = redisTransfer(admin, records, schema, limits);
  return {
    ...transfer,
    async beginRestore() {
      await transfer.beginRestore();
      // What is written afterwards is guarded: the store that is restored is now the known one.
      await guard.continuity.whyNot();
      await guard.continuity.look();
    },
  } satisfies Partial<Store>;
}

function logOf({ audit }: RedisParts, { gate, write }: Access) {
  return {
    append: event => write(() => audit.append(event)),
    note: event => write(() => audit.note(event)),
    events: scan => gate.pass(async () => audit.events(scan)),
    head: () => gate.pass(async () => audit.head()),
    removeEvents: (upTo, limit) => write(() => audit.removeEvents(upTo, limit)),
  } satisfies Partial<Store>;
}

function documentsOf({ documents, guard }: RedisParts, { gate, getKey, read, write }: Access) {
  const isLost = guard.continuity.isDocumentLost;
  return {
    document: (collection, id) =>
      gate.pass(async () => {
        const found = await documents.document(getKey, collection, id);
        if (found !== undefined && isLost({ collection, ...found })) throw changesLost('document');
        return found;
      }),
    documents: scan =>
      read(async () => {
        const { collection } = scan;
        const found = await documents.documents(scan, each => isLost({ collection, ...each }));
        if (found.length < scan.limit) await guard.confirmAbsence();
        return found;
      }),
    changeDocument: change =>
      write(async () => {
        // On a master that lost its data, what was there could be created once more.
        await guard.confirmAbsence();
        const { collection, id, before: revision } = change;
        if (isLost({ collection, id, revision })) throw changesLost('document');
        return await documents.changeDocument(change);
      }),
  } satisfies Partial<Store>;
}

function sessionsOf(
  { admin, isCluster }: RedisParts,
  { gate, getKey, write }: Access,
  { limits, now }: RedisStoreOptions,
) {
  const usage = redisUsage(admin, limits, isCluster, gate.isClosed);
  const limitCounts = redisLimitCounts(admin, limits, isCluster);
  const endSession = redisEndSession(admin, limits, now);
  return {
    endSession: (id, until) => write(() => endSession(id, until)),
    isSessionEnded: id => gate.pass(async () => (await getKey(endedSessionKey(id))) !== null),
    addUsage: deltas => write(() => usage.addUsage(deltas)),
    usage: ids => gate.pass(async () => usage.usage(ids)),
    countLimits: (replica, deltas) => write(() => limitCounts.countLimits(replica, deltas)),
  } satisfies Partial<Store>;
}
