/**
 * The operations on access tokens that the API Manager offers: create, read, update, rotate,
 * revoke.
 */

import { v7 } from 'uuid';
import type { AccessTokenRecord, JsonObject, Kind } from '../store/record.ts';
import type { Usage } from '../store/store.ts';
import { type Caller, demand, ownerFor, readScope, visible, writeScope } from './caller.ts';
import { firstCeiling } from './ceiling.ts';
import { type ChangeDeps, change } from './change.ts';
import { checkCreate, checkRevoke, checkRotate, checkUpdate } from './check-request.ts';
import { checkFields, checkUuid, type Fields, recordFields } from './fields.ts';
import { grantsOf } from './grants.ts';
import { list } from './list/list.ts';
import type { ListPage, ListQuery } from './list/query.ts';
import { listValues, type ValuesDeps, type ValuesPage, type ValuesQuery } from './list/values.ts';
import { notRevoked, revoked, rotated, withFields } from './new-record.ts';
import { type JwtTarget, withRevokedJwts } from './revoke-jwts.ts';
import { makeSecret } from './secret.ts';

export type { JwtTarget } from './revoke-jwts.ts';

/** A new or rotated access token, with its token or secret, which is not shown again. */
export interface Revealed {
  record: AccessTokenRecord;
  /** kind static: the token; kind jwt: the secret key. */
  secret: string;
}

/**
 * The operations. Each checks the caller's rights, and throws TokenError or Unavailable. A change
 * with a `requestId` (a UUID; absent for none) is made only once, however often it is repeated.
 */
export interface AccessTokens {
  /** Creates an access token. */
  create(caller: Caller, kind: Kind, fields: Fields, requestId?: string): Promise<Revealed>;
  /** Reads an access token and its usage. */
  get(caller: Caller, id: string): Promise<{ record: AccessTokenRecord; usage: Usage }>;
  /** Reads a page of access tokens. */
  list(caller: Caller, query: ListQuery): Promise<ListPage>;
  /** Reads which owners, scopes or makers there are. */
  listValues(caller: Caller, query: ValuesQuery): Promise<ValuesPage>;
  /** Changes the fields named in `mask`. `revision` is the one that the caller read. */
  update(
    caller: Caller,
    id: string,
    revision: number,
    fields: Partial<Fields>,
    mask: readonly (keyof Fields)[],
    requestId?: string,
  ): Promise<AccessTokenRecord>;
  /**
   * Creates a new token or secret; the current one stays valid for `graceSeconds` (0 to
   * 30 days). Only at `revision`; 0 for any.
   */
  rotate(
    caller: Caller,
    id: string,
    graceSeconds: number,
    revision: number,
    requestId?: string,
  ): Promise<Revealed>;
  /** Ends the grace of the previous token or secret; without one it changes nothing. */
  endGrace(caller: Caller, id: string, requestId?: string): Promise<AccessTokenRecord>;
  /** Permanently revokes an access token; `reason` is at most 256 characters. */
  revoke(
    caller: Caller,
    id: string,
    reason: string,
    requestId?: string,
  ): Promise<AccessTokenRecord>;
  /** Revokes JWTs of an access token; `reason` is at most 256 characters. */
  revokeJwts(
    caller: Caller,
    id: string,
    target: JwtTarget,
    reason: string,
    requestId?: string,
  ): Promise<AccessTokenRecord>;
}

/** Creates the operations. */
export function createAccessTokens(
  deps: ChangeDeps & Pick<ValuesDeps, 'directory' | 'nameOfActor'>,
): AccessTokens {
  const { store, keys, tokenPrefix } = deps;
  const { revokedJwtsMax } = deps.limits;
  return {
    async create(caller, kind, fields, requestId) {
      demand(caller, writeScope);
      const owner = ownerFor(caller, fields.owner);
      const id = v7();
      const args = { kind, ...fields } as unknown as JsonObject;
      const ask = { caller, action: 'token.create', requestId, args };
      checkCreate({ kind, fields: { ...fields, owner }, requestId }, deps.now());
      const grants = await grantsOf(store, caller);
      const changed = await change(deps, ask, (_, at) => {
        checkFields(kind, { ...fields, owner }, at);
        grants.check(fields);
        const { secret, kept } = makeSecret(keys, kind, id, at, tokenPrefix);
        const record = { id, kind, secrets: [kept], createdAt: at, ...unwritten };
        const written = recordFields({ ...fields, owner });
        return { record: { ...record, ...written, ...firstCeiling(caller, written) }, secret };
      });
      return changed as Revealed;
    },

    async get(caller, id) {
      demand(caller, readScope);
      const uuid = checkUuid('id', id);
      const record = visible(caller, await store.get(uuid), id);
      const [usage = { days: {} }] = await store.usage([uuid]);
      return { record, usage };
    },

    list: (caller, query) => list(deps, caller, query),
    listValues: (caller, query) => listValues(deps, caller, query),

    async update(caller, id, revision, fields, mask, requestId) {
      demand(caller, writeScope);
      checkUpdate({ id, revision, fields, mask, requestId }, deps.now());
      const args = { revision, ...fields, mask: [...mask] } as unknown as JsonObject;
      const ask = { caller, action: 'token.update', id: checkUuid('id', id), revision, requestId };
      const grants = await grantsOf(store, caller);
      const { record } = await change(deps, { ...ask, args }, (before, at) => {
        return { record: withFields(caller, before, fields, mask, at, grants) };
      });
      return record;
    },

    async rotate(caller, id, graceSeconds, revision, requestId) {
      demand(caller, writeScope);
      checkRotate({ id, graceSeconds, requestId });
      const args = { graceSeconds, revision };
      const ask = { caller, action: 'token.rotate', id: checkUuid('id', id), revision, requestId };
      const grants = await grantsOf(store, caller);
      const changed = await change(deps, { ...ask, args }, (before, at) =>
        rotated(deps, before, graceSeconds, at, grants),
      );
      return changed as Revealed;
    },

    async endGrace(caller, id, requestId) {
      demand(caller, writeScope);
      checkRotate({ id, requestId });
      const ask = { caller, action: 'token.end_grace', id: checkUuid('id', id), requestId };
      const { record } = await change(deps, { ...ask, args: {} }, (before, at) => {
        const old = notRevoked(before);
        const [current, ...previous] = old.secrets;
        const isInGrace = previous.some(({ goodUntil = 0 }) => goodUntil > at);
        return current && isInGrace ? { record: { ...old, secrets: [current] } } : undefined;
      });
      return record;
    },

    async revoke(caller, id, reason, requestId) {
      demand(caller, writeScope);
      checkRevoke({ id, reason, requestId });
      const ask = { caller, action: 'token.revoke', id: checkUuid('id', id), requestId };
      const { record } = await change(
        deps,
        { ...ask, args: { reason }, detail: reason },
        (before, at) => revoked(before, reason, at),
      );
      return record;
    },

    async revokeJwts(caller, id, target, reason, requestId) {
      demand(caller, writeScope);
      checkRevoke({ id, reason, target, requestId });
      const ask = { caller, action: 'jwt.revoke', id: checkUuid('id', id), requestId };
      const { record } = await change(
        deps,
        { ...ask, args: { ...target, reason }, detail: reason },
        (before, at) => ({
          record: withRevokedJwts(keys, notRevoked(before), target, at, revokedJwtsMax),
        }),
      );
      return record;
    },
  };
}

/** Placeholders of the fields that `change` sets. */
const unwritten = { revision: 0, updatedAt: 0, eventId: '' };
