/** Reads the audit log, and adds events that change no access token: refused calls and sessions. */

import { v4 } from 'uuid';
import type { AuditEvent, ChainedEvent } from '../store/audit.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { createNameReader, type NameOfActor, namesIn } from './audit-names.ts';
import {
  type AuditQuery,
  auditLimits,
  checkAuditQuery,
  filterOf,
  selectionOf,
} from './audit-query.ts';
import { createFindRevocations, type FindRevocations } from './audit-revocations.ts';
import { askedToken, leftOf, placeIn, readPage, selectOf, startOf, textOf } from './audit-scan.ts';
import { auditScope, type Caller, demand, readScope } from './caller.ts';
import { Faults } from './faults.ts';
import { pageTokens } from './page-token.ts';

export type { AuditQuery } from './audit-query.ts';

/** A page of events. */
interface AuditPage {
  events: ChainedEvent[];
  /** "" at the end. */
  nextPageToken: string;
  /** The present names of the actors and access tokens of these events, by id. */
  names: Record<string, string>;
  /** How many entries were examined. */
  examined: number;
  /** How many are left to examine, at most; 0 where that is not known. */
  left: number;
  /** The last entry that the list can reach: later ones were added after its first page. */
  lastSequence: number;
}

/** An event that changed no access token. */
export interface Happening {
  action:
    | 'call.refused'
    | 'jwt.issue'
    | 'keys.reload'
    | 'keys.remove'
    | 'keys.rotate'
    | 'log.level'
    | 'keys.write'
    | 'passkey.clone'
    | 'session.link'
    | 'store.backup'
    | 'store.migrate';
  /** As in Caller; "" for an unknown caller. */
  actor: string;
  /** The caller's name; absent for none. */
  actorName?: string | undefined;
  /** The caller's network address as the server saw it. */
  peer: string;
  /** UUID of the access token concerned; absent for none. */
  tokenId?: string;
  /** Its name; absent for none. */
  tokenName?: string | undefined;
  /** A refused call's method and error, a count, or "". */
  detail: string;
  /** As AuditEvent.id, where a repeat must not add another; absent for a random one. */
  id?: string;
}

/** The audit log. Throws TokenError or Unavailable. */
export interface Audit {
  /** Reads a page. The caller needs the scope usher.tokens.read or usher.audit.read. */
  list(caller: Caller, query: AuditQuery): Promise<AuditPage>;
  /** Finds the entries that revoked JWTs of a `jti` or subject, with the same scopes. */
  findRevocations: FindRevocations;
  /** Adds an event, dated now. Resolves once it is durable. */
  add(happening: Happening): Promise<void>;
  /** The same for an event that no caller waits for: a failover of the store can lose it. */
  note(happening: Happening): Promise<void>;
}

/** What it needs. */
export interface AuditDeps {
  store: Store;
  keys: MasterKeys;
  /** Absent where no people are known. */
  nameOfActor?: NameOfActor;
  /** The current time in milliseconds since 1970. */
  now: () => number;
}

/** Creates it. */
export function createAudit(deps: AuditDeps): Audit {
  const { store, keys, nameOfActor = nameless, now } = deps;
  return {
    async list(caller, query) {
      demand(caller, readScope, auditScope);
      const { oldestFirst, pageSize, pageToken } = query;
      const faults = new Faults();
      checkAuditQuery(query, faults);
      const tokens = pageTokens(keys, caller, {
        rpc: 'ListAuditEvents',
        query: selectionOf(query),
      });
      const place = faults.read(() => placeIn(tokens.read(pageToken)));
      faults.end();
      const tokenId = await askedToken(store, caller, query.tokenId);
      const order = oldestFirst ? 'oldest' : 'newest';
      const names = createNameReader(store, nameOfActor, caller);
      const start = place ?? (await startOf(store, { ...query, order }));
      const { events, next, examined } = await readPage(
        store,
        {
          ...{ order, tokenId, limit: pageSize || auditLimits.pageSizeDefault },
          select: selectOf(caller, names, tokenId, filterOf(query)),
        },
        start,
      );
      await names.load(events);
      return {
        ...{ events, examined, names: names.shown(events) },
        ...{ nextPageToken: tokens.write(textOf(next)), left: leftOf(order, tokenId, next) },
        lastSequence: start.high,
      };
    },

    findRevocations: createFindRevocations({ store, keys, nameOfActor }),
    add: happening => store.append(eventOf(happening, now())),
    note: happening => store.note(eventOf(happening, now())),
  };
}

const nameless: NameOfActor = async () => undefined;

function eventOf(happening: Happening, time: number): AuditEvent {
  const { action, actor, actorName, peer, tokenId = '', tokenName } = happening;
  const { detail, id = v4() } = happening;
  const names = namesIn({ actor, actorName, tokenName });
  return { id, time, action, actor, peer, tokenId, ...names, detail, requestId: '' };
}
