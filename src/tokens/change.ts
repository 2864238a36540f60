/**
 * Makes one change of an access token: once per request id, on the current revision, and audited.
 */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { v4 } from 'uuid';
import type { AccessTokenRecord, JsonObject } from '../store/record.ts';
import type { Change, Store, StoredRequest } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { byCaller } from './audit-names.ts';
import { type Caller, visible } from './caller.ts';
import { TokenError } from './errors.ts';
import { addedRevocations, auditFields, checkUuid, difference, invalid } from './fields.ts';
import type { ChangeLimits } from './limits.ts';
import { withCurrentSeals } from './secret.ts';

/** What the changes need. */
export interface ChangeDeps {
  store: Store;
  keys: MasterKeys;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  limits: ChangeLimits;
  /** What new tokens begin with, and secret keys with a "k" behind it; absent for "ush" and "usk". */
  tokenPrefix?: string;
}

/** A requested change. */
export interface Ask {
  caller: Caller;
  /** As AuditEvent.action: "token.create", … */
  action: string;
  /** UUID of the access token to change; absent to create. */
  id?: string;
  /** Only at this revision; 0 or absent for any. */
  revision?: number;
  /** A UUID; "" or absent for none. */
  requestId?: string | undefined;
  /** The call's arguments, to detect the same request id on a different call. */
  args: JsonObject;
  /** As AuditEvent.detail; absent for "". */
  detail?: string;
  /** UUID of the job that makes the change; absent for none. */
  jobId?: string;
  /** How long a repeat still gets the secret, in milliseconds; absent for ChangeLimits.replyMs. */
  replyMs?: number;
}

/**
 * Computes the new record, whose revision, updatedAt and eventId `change` sets, and the secret to
 * reveal; undefined changes nothing. `now` is in milliseconds since 1970. May run several times.
 */
export type Make = (
  before: AccessTokenRecord | undefined,
  now: number,
) => { record: AccessTokenRecord; secret?: string } | undefined;

/** The record after the change, and the secret to reveal, if any. */
export interface Changed {
  record: AccessTokenRecord;
  secret?: string;
}

/**
 * Makes a change, again from the new record when another one was faster. Throws TokenError or
 * Unavailable.
 */
export async function change(deps: ChangeDeps, ask: Ask, make: Make): Promise<Changed> {
  const { store, now, limits } = deps;
  const requestId = ask.requestId ? checkUuid('request_id', ask.requestId) : '';
  const key = requestId === '' ? undefined : `${ask.caller.actor}:${requestId}`;
  const digest = digestOf(ask);

  for (let attempt = 1; attempt <= limits.attemptsMax; attempt++) {
    const prior = key === undefined ? undefined : await store.findRequest(key);
    if (prior !== undefined) {
      const { tokenId } = prior;
      const isDurable = await survives(store, tokenId, async () => {
        return (await store.findRequest(key ?? ''))?.digest === prior.digest;
      });
      if (!isDurable) continue;
      return await repeat(deps, ask, prior, digest);
    }

    const [before, head] = await Promise.all([
      ask.id === undefined ? undefined : store.get(ask.id),
      store.head(),
    ]);
    const at = Math.max(now(), head.time, before?.updatedAt ?? 0);
    if (ask.id !== undefined) visible(ask.caller, before, ask.id);
    if (before !== undefined && ask.revision && ask.revision !== before.revision) throw stale(ask);
    const made = make(before, at);
    if (made === undefined) {
      const record = before as AccessTokenRecord;
      const isDurable = await survives(store, record.id, async () => {
        return (await store.get(record.id))?.eventId === record.eventId;
      });
      if (!isDurable) continue;
      return { record };
    }

    const commit = prepare(deps, ask, before, made, { key, requestId, digest, at });
    const committed = await store.commit(commit);
    if (committed.outcome === 'done') return { ...made, record: commit.record };
    // A repeat is found, and made sure of, by the next attempt.
    if (committed.outcome === 'conflict' && ask.revision) throw stale(ask);
  }
  throw new TokenError('ABORTED', 'this access token keeps changing; try again');
}

/**
 * Whether what was read of an access token would survive a failover: an answer that changes nothing
 * promises as much as the change did. `isThere` reads it again, since a failover may come in between.
 */
async function survives(
  store: Store,
  tokenId: string,
  isThere: () => Promise<boolean>,
): Promise<boolean> {
  await store.settle(tokenId);
  return await isThere();
}

function digestOf({ action, id = '', args }: Ask): string {
  const fields = Object.entries(args).map(([name, value]) => {
    // NaN and Infinity are left to the check of the field, which names it.
    if (typeof value === 'number') return [name, String(value)];
    try {
      return [name, canonicalize(value) ?? ''];
    } catch {
      throw invalid(name, 'holds what JSON cannot: half a surrogate pair, or a number not finite');
    }
  });
  return hash('sha256', JSON.stringify([action, id, fields.sort()]));
}

function stale(ask: Ask): TokenError {
  return new TokenError(
    'ABORTED',
    `revision ${ask.revision} is not the current one; read the access token again, then repeat`,
  );
}

function prepare(
  deps: ChangeDeps,
  ask: Ask,
  before: AccessTokenRecord | undefined,
  made: Changed,
  request: { key: string | undefined; requestId: string; digest: string; at: number },
): Change {
  const { keys, limits } = deps;
  const { key, requestId, digest, at } = request;
  const eventId = v4();
  const revision = (before?.revision ?? 0) + 1;
  const current = withCurrentSeals(keys, made.record);
  const record = { ...withActor(current, before, ask.caller), revision, updatedAt: at, eventId };
  const fields: { before?: JsonObject; after?: JsonObject } =
    before === undefined
      ? { after: auditFields(record) }
      : withRevokedJwts(difference(auditFields(before), auditFields(record)), before, record);
  const event = {
    id: eventId,
    time: at,
    action: ask.action,
    ...byCaller(ask.caller),
    tokenId: record.id,
    tokenName: record.name,
    ...fields,
    detail: ask.detail ?? '',
    requestId,
    ...(ask.jobId === undefined ? {} : { jobId: ask.jobId }),
  };
  const stored: StoredRequest | undefined =
    key === undefined
      ? undefined
      : {
          key,
          digest,
          tokenId: record.id,
          ...(made.secret === undefined
            ? {}
            : { sealedReply: JSON.stringify(keys.seal(made.secret, `reply/${record.id}`)) }),
          replyUntil: at + (ask.replyMs ?? limits.replyMs),
          keepUntil: at + limits.requestMs,
        };
  return {
    ...(before === undefined ? {} : { before }),
    record,
    event,
    ...(stored === undefined ? {} : { request: stored }),
  };
}

/** With the actor of the change. */
function withActor(
  record: AccessTokenRecord,
  before: AccessTokenRecord | undefined,
  { actor }: Caller,
): AccessTokenRecord {
  if (before === undefined) return { ...record, createdBy: actor };
  const { changedBy: _previous, ...rest } = record;
  return actor === before.createdBy ? rest : { ...rest, changedBy: actor };
}

/** With the hashes and times of the JWTs that a change revoked: a store that lost them gets them back. */
function withRevokedJwts(
  fields: { before: JsonObject; after: JsonObject },
  before: AccessTokenRecord,
  record: AccessTokenRecord,
) {
  const jwtsRevoked = addedRevocations(before.revokedJwts, record.revokedJwts);
  if (jwtsRevoked === undefined) return fields;
  return { ...fields, after: { ...fields.after, jwtsRevoked } };
}

async function repeat(
  { store, keys, now }: ChangeDeps,
  ask: Ask,
  prior: StoredRequest,
  digest: string,
): Promise<Changed> {
  if (prior.digest !== digest) throw invalid('request_id', 'was used for a different call');
  const record = visible(ask.caller, await store.get(prior.tokenId), prior.tokenId);
  if (prior.sealedReply === undefined) return { record };
  if (prior.replyUntil <= now()) {
    throw new TokenError(
      'FAILED_PRECONDITION',
      `this request was made before, on access token ${record.id}, and its secret can no longer ` +
        'be shown; rotate the access token to get a new one',
    );
  }
  const secret = keys.open(JSON.parse(prior.sealedReply), `reply/${record.id}`);
  return { record, secret };
}
