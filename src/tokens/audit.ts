/** Reads the audit log, and adds what is no change of an access token: refused calls, sessions. */

import { v4 } from 'uuid';
import type { ChainedEvent } from '../store/audit.ts';
import type { Store } from '../store/store.ts';
import { type Caller, demand, readScope, visible } from './caller.ts';
import { TokenError } from './errors.ts';
import { checkUuid, invalid } from './fields.ts';

/** Which events to read. */
interface AuditQuery {
  /** 0 means 50. */
  pageSize: number;
  pageToken?: string | undefined;
  tokenId?: string | undefined;
  oldestFirst: boolean;
}

/** A page of events. */
interface AuditPage {
  events: ChainedEvent[];
  /** "" at the end. */
  nextPageToken: string;
}

/** Something that happened and changed no access token. */
interface Happening {
  action: 'call.refused' | 'session.create' | 'session.end';
  /** "" for someone unknown. */
  actor: string;
  peer: string;
  tokenId?: string;
  detail: string;
}

/** The audit log. Throws TokenError or Unavailable. */
export interface Audit {
  list(caller: Caller, query: AuditQuery): Promise<AuditPage>;
  add(happening: Happening): Promise<void>;
}

/** Bounds of a page. */
const auditLimits = { pageSizeDefault: 50, pageSizeMax: 1000 } as const;

/** Makes it. */
export function createAudit(store: Store, now: () => number): Audit {
  return {
    async list(caller, { pageSize, pageToken, tokenId, oldestFirst }) {
      demand(caller, readScope);
      const limit = pageSize || auditLimits.pageSizeDefault;
      if (!(limit >= 1 && limit <= auditLimits.pageSizeMax)) {
        throw invalid('page_size', `must be 1 to ${auditLimits.pageSizeMax}`);
      }
      const after = pageToken ? Number(pageToken) : undefined;
      if (after !== undefined && !(Number.isSafeInteger(after) && after > 0)) {
        throw invalid('page_token', 'is not one that ListAuditEvents gave');
      }
      const id = tokenId ? checkUuid('token_id', tokenId) : undefined;
      if (caller.owner !== undefined) {
        if (id === undefined) {
          throw new TokenError(
            'PERMISSION_DENIED',
            'token_id: is required for a caller with owner',
          );
        }
        visible(caller, await store.get(id), id);
      }
      const events = await store.events({
        order: oldestFirst ? 'oldest' : 'newest',
        limit,
        ...(id === undefined ? {} : { tokenId: id }),
        ...(after === undefined ? {} : { after }),
      });
      const last = events.at(-1);
      const more = events.length === limit && last !== undefined;
      return { events, nextPageToken: more ? String(last.sequence) : '' };
    },

    async add({ action, actor, peer, tokenId = '', detail }) {
      await store.append({
        id: v4(),
        time: now(),
        action,
        actor,
        peer,
        tokenId,
        detail,
        requestId: '',
      });
    },
  };
}
