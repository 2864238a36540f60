/**
 * The names of the keys in Redis. The keys that scripts touch together share the hash tag {log}, so
 * that they are in one slot of a Cluster.
 */

import type { Collection } from '../documents.ts';

/** String: the record of an access token. */
export const tokenKey = (id: string) => `usher:token:${id}`;

/**
 * String: the UUID for a digest of an imported token, and a MAC. (Existing stores name these keys
 * "foreign".)
 */
export const importedKey = (digest: string) => `usher:foreign:${digest}`;

/** String: the forms of imported tokens and a MAC, separated by spaces. No digest has this name. */
export const importedFormsKey = importedKey('forms');

/** String: exists for a session of the API Manager that was ended, until it would have expired. */
export const endedSessionKey = (id: string) => `usher:session:${id}`;

/** Hash: day → uses of an access token, and lastUsedAt. */
export const usageKey = (id: string) => `usher:usage:${id}`;

/**
 * Hash: slot of time → requests counted against a limit; "@" and a replica → the last counts that it added.
 * The counters of an access token are in one slot of a Cluster.
 */
export const limitKey = (id: string, counter: string) => `usher:limit:{${id}}:${counter}`;

/** String: a document, with its MAC. The keys of a collection are in one slot of a Cluster. */
export const documentKey = (collection: Collection, id: string) =>
  `usher:{${collection}}:doc:${id}`;

/** Sorted set: the ids of a collection's documents. */
export const documentIdsKey = (collection: Collection) => `usher:{${collection}}:ids`;

/** Sorted set: the ids of a collection's documents that end, by the time in ms since 1970. */
export const documentEndsKey = (collection: Collection) => `usher:{${collection}}:ends`;

/** Hash: id of a document → the event of its last change, until that is in the log. */
export const documentEventsKey = (collection: Collection) => `usher:{${collection}}:events`;

/** Hash: access token → its change under way. */
export const intentsKey = 'usher:{log}:intents';

/** Hash: request key → the access token whose change under way has it. */
export const pendingKey = 'usher:{log}:pending';

/** Stream: the audit log. */
export const auditKey = 'usher:{log}:audit';

/** Sorted set: the sequence numbers of one access token's entries in the audit log. */
export const tokenAuditKey = (id: string) => `usher:{log}:audit:${id}`;

/** String: the sequence number of an event in the audit log, while a repeated write may arrive. */
export const eventKey = (id: string) => `usher:{log}:event:${id}`;

/** String: what a request key did, and a MAC. */
export const requestKey = (key: string) => `usher:{log}:request:${key}`;

/** Sorted set: all access tokens, in the order of creation. */
export const createdKey = 'usher:{log}:created';

/** Sorted set: the access tokens of one owner, in the order of creation. */
export const ownerKey = (owner: string) => `usher:{log}:owner:${owner}`;

/** Sorted set: expiry and id of the access tokens that expire, in that order. */
export const expiryKey = 'usher:{log}:expiry';

/** Never exists: a write to it that needs it to exist shows whether Redis accepts writes. */
export const writeProbeKey = 'usher:{log}:probe';

/** String: a random value that identifies the store, created when the store was first opened. */
export const identityKey = 'usher:{log}:identity';

/** String: the identity of a store that was here, and that a replica found emptied. */
export const lostStoreKey = 'usher:{log}:lost';

/** Hash: hash of an entry of the audit log whose loss was accepted → its MAC. */
export const acceptedKey = 'usher:{log}:accepted';

/** Hash: id of an entry of the audit log about a loss → the loss, until it is accepted. */
export const lossesKey = 'usher:{log}:losses';

/** Hash: replica of Usher → until when its head is shown, and the head. */
export const headsKey = 'usher:{log}:heads';

/** String: the version of the store's schema. */
export const schemaKey = 'usher:{log}:schema';

/** Hash: master key id → check value of the master key that the store was written with. */
export const keyChecksKey = 'usher:{log}:key-checks';

/** String: such a value on a Cluster master without the log; `n` is chosen to fall in its slots. */
export const markKey = (n: number) => `usher:mark:${n}`;

/** Hash: each such key → its value. A master that lacks one has lost its data. */
export const marksKey = 'usher:{log}:marks';

/** Channel: new audit entries and imported digests, for feeds that cannot use client tracking. */
export const changesChannel = 'usher:{log}:changes';

/** Channel: messages that only make the replicas acknowledge. Nothing subscribes to it. */
export const heartbeatChannel = 'usher:{log}:heartbeat';
