/** Reads the audit log, and adds events that change no access token: refused calls and sessions. */

import { v4 } from 'uuid';
import type { ChainedEvent } from '../store/audit.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { auditScope, type Caller, demand, readScope, visible } from './caller.ts';
import { TokenError } from './errors.ts';
import { Faults } from './faults.ts';
import { checkPageSize, checkUuid } from './fields.ts';
import { pageTokens } from './page-token.ts';

/** Which events to read. */
interface AuditQuery {
  /** 1 to 1000; 0 means 50. */
  pageSize: number;
  /** nextPageToken of the previous page; "" or absent for the first page. */
  pageToken?: string | undefined;
  /** Only events of this access token; required when the caller is limited to owners. */
  tokenId?: string | undefined;
  /** Newest first when false. */
  oldestFirst: boolean;
}

/** A page of events. */
interface AuditPage {
  events: ChainedEvent[];
  /** "" at the end. */
  nextPageToken: string;
}

/** An event that changed no access token. */
export interface Happening {
  action:
    | 'call.refused'
    | 'jwt.issue'
    | 'keys.reload'
    | 'keys.remove'
    | 'keys.rotate'
    | 'keys.write'
    | 'session.create'
    | 'session.end'
    | 'session.link'
    | 'store.backup'
    | 'store.migrate';
  /** As in Caller; "" for an unknown caller. */
  actor: string;
  /** The caller's network address as the server saw it. */
  peer: string;
  /** UUID of the access token concerned; absent for none. */
  tokenId?: string;
  /** A refused call's method and error, a count, or "". */
  detail: string;
  /** As AuditEvent.id, where a repeat must not add another; absent for a random one. */
  id?: string;
}

/** The audit log. Throws TokenError or Unavailable. */
export interface Audit {
  /** Reads a page. The caller needs the scope usher.tokens.read or usher.audit.read. */
  list(caller: Caller, query: AuditQuery): Promise<AuditPage>;
  /** Adds an event, dated now. Resolves once it is durable. */
  add(happening: Happening): Promise<void>;
  /** The same for an event that no caller waits for: a failover of the store can lose it. */
  note(happening: Happening): Promise<void>;
}

/** Limits of a page. */
const auditLimits = { pageSizeDefault: 50, pageSizeMax: 1000 } as const;

/** What it needs. */
export interface AuditDeps {
  store: Store;
  keys: MasterKeys;
  /** The current time in milliseconds since 1970. */
  now: () => number;
}

/** Creates it. */
export function createAudit({ store, keys, now }: AuditDeps): Audit {
  return {
    async list(caller, { pageSize, pageToken, tokenId, oldestFirst }) {
      demand(caller, readScope, auditScope);
      const limit = pageSize || auditLimits.pageSizeDefault;
      const faults = new Faults();
      faults.read(() => checkPageSize(pageSize, auditLimits.pageSizeMax));
      const id = tokenId ? faults.read(() => checkUuid('token_id', tokenId)) : undefined;
      const query = [id ?? '', oldestFirst];
      const tokens = pageTokens(keys, caller, { rpc: 'ListAuditEvents', query });
      const after = faults.read(() => tokens.read(pageToken));
      faults.end();
      if (caller.owners !== undefined) {
        if (id === undefined) {
          throw new TokenError(
            'PERMISSION_DENIED',
            'token_id: is required when the caller is limited to owners',
          );
        }
        visible(caller, await store.get(id), id);
      }
      const events = await store.events({
        order: oldestFirst ? 'oldest' : 'newest',
        limit,
        ...(id === undefined ? {} : { tokenId: id }),
        ...(after === undefined ? {} : { after: Number(after) }),
      });
      const last = events.at(-1);
      const more = events.length === limit && last !== undefined;
      return { events, nextPageToken: tokens.write(more ? String(last.sequence) : undefined) };
    },

    add: happening => store.append(eventOf(happening, now())),
    note: happening => store.note(eventOf(happening, now())),
  };
}

function eventOf(
  { action, actor, peer, tokenId = '', detail, id = v4() }: Happening,
  time: number,
) {
  return { id, time, action, actor, peer, tokenId, detail, requestId: '' };
}
