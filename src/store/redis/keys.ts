/**
 * The names of the keys in Redis. All but the records and the usage share the hash tag {log}, so that
 * one script may touch them in a Cluster.
 */

/** The record of an access token. */
export const tokenKey = (id: string) => `usher:token:${id}`;

/** The access token that a digest of an imported token leads to. (Stores that exist call these keys "foreign".) */
export const importedKey = (digest: string) => `usher:foreign:${digest}`;

/** The forms of imported tokens; no digest has this name. */
export const importedFormsKey = importedKey('forms');

/** A session of the API Manager that was ended, until it would have ended by itself. */
export const endedSessionKey = (id: string) => `usher:session:${id}`;

/** Hash: how often and when an access token was used. */
export const usageKey = (id: string) => `usher:usage:${id}`;

/** Hash: access token → the change of it that is under way. */
export const intentsKey = 'usher:{log}:intents';

/** Hash: request key → the access token whose intent holds it. */
export const pendingKey = 'usher:{log}:pending';

/** Stream: the audit log. */
export const auditKey = 'usher:{log}:audit';

/** Sorted set: the places in the audit log of one access token's entries. */
export const tokenAuditKey = (id: string) => `usher:{log}:audit:${id}`;

/** The place in the audit log of an event, for as long as it may be written again. */
export const eventKey = (id: string) => `usher:{log}:event:${id}`;

/** What was done under a request key. */
export const requestKey = (key: string) => `usher:{log}:request:${key}`;

/** Sorted set: all access tokens, in the order of creation. */
export const createdKey = 'usher:{log}:created';

/** Sorted set: the access tokens of one owner, in the order of creation. */
export const ownerKey = (owner: string) => `usher:{log}:owner:${owner}`;

/** Sorted set: expiry and id of the access tokens that expire, in that order. */
export const expiryKey = 'usher:{log}:expiry';

/** A random value, made when the store was first opened: as long as it is there, so is the store. */
export const identityKey = 'usher:{log}:identity';

/** The same for a master of a Cluster that does not keep the log: one of these is in its slots. */
export const markKey = (n: number) => `usher:mark:${n}`;

/** Channel: the entries of the audit log and the imported digests as they come, for those who can't track. */
export const changesChannel = 'usher:{log}:changes';

/** A key that is kept where another one is, to be written before the replicas are waited for. */
export function heartbeatKey(beside: string): string {
  return `usher:beat:{${/\{(.+?)\}/.exec(beside)?.[1] ?? beside}}`;
}
