/**
 * The sessions of the API Manager as a list: who is signed in, since when, and from where. A session itself
 * is a sealed cookie; this says that it exists, and ends it.
 */

import { hash } from 'node:crypto';
import { v4 } from 'uuid';
import type { Documents, StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import type { AuditLog, EndedSessions } from '../store/store.ts';
import { namesIn } from '../tokens/audit-names.ts';
import type { Caller } from '../tokens/caller.ts';
import { uuidOf } from '../tokens/derived-uuid.ts';

/** How someone signed in. */
export type SignInMethod =
  | 'provider'
  | 'passkey'
  | 'invitation'
  | 'admin token'
  | 'access token'
  | 'link';

/** Who signed in, and how. */
interface NewSession {
  /** The id in the session's cookie. */
  sessionId: string;
  /** The caller, from the address they have. */
  caller: Pick<Caller, 'actor' | 'name' | 'peer'>;
  how: SignInMethod;
  /** The browser, in words. */
  browser: string;
  /** In milliseconds since 1970. */
  signedInAt: number;
  /** When it ends at the latest, in milliseconds since 1970. */
  endsAt: number;
  /** Sealed: what the provider needs to end its own session too; absent for none. */
  sealedHint?: string;
}

/** A session in the list. Times are milliseconds since 1970. */
export interface ListedSession extends Omit<NewSession, 'caller'> {
  /** Names it in the API: the actor and a hash of the session's own id. */
  id: string;
  actor: string;
  /** The name of its caller when it began. */
  name: string;
  /** The address that it was last used from. */
  address: string;
  /** Exact to some minutes. */
  lastUsedAt: number;
}

/** Lists and ends sessions, with no check of a caller's rights. Throws Unavailable. */
export interface SessionList {
  /**
   * Adds a session, with its entry in the audit log. Resolves to false when there is one of this id: what
   * it is made from was used before.
   */
  add(session: NewSession): Promise<boolean>;
  /**
   * Whether a session is in the list and was not ended. Both are asked: a store that lost its last writes,
   * or was restored from a backup, can have lost one of them.
   */
  isOpen(actor: string, sessionId: string): Promise<boolean>;
  /** Notes a use. Writes at most once in some minutes, and never throws. */
  touch(actor: string, sessionId: string, address: string): Promise<void>;
  /** A session by its id in the list; undefined for one that is over. */
  find(id: string): Promise<ListedSession | undefined>;
  /** A session by the id in its cookie. */
  findOwn(actor: string, sessionId: string): Promise<ListedSession | undefined>;
  /** A page of the sessions that are not over, of one actor or of all (""); "" is the first and the end. */
  page(
    actor: string,
    after: string,
    limit: number,
  ): Promise<{ sessions: ListedSession[]; next: string }>;
  /** Ends a session at every server, with an entry in the audit log. */
  end(
    session: Pick<ListedSession, 'id' | 'actor' | 'name' | 'sessionId' | 'endsAt'>,
    by: Ender,
  ): Promise<void>;
  /** Ends all sessions of an actor but one; resolves to how many. */
  endAll(actor: string, by: Ender, exceptId?: string): Promise<number>;
}

/** Who ends a session. */
type Ender = Pick<Caller, 'actor' | 'peer'> & Partial<Pick<Caller, 'name'>>;

/** What it needs. */
export interface SessionListDeps {
  documents: Documents;
  ended: EndedSessions;
  log: Pick<AuditLog, 'append'>;
  /** The current time, in milliseconds since 1970. */
  now: () => number;
  /** A session is over after this long without use, in milliseconds. */
  idleMs: number;
}

/** How exact the time of the last use is, in milliseconds. */
const touchMs = 5 * 60_000;
const pageMax = 200;

/** Creates it. */
export function createSessionList(deps: SessionListDeps): SessionList {
  const { documents, ended, log, now, idleMs } = deps;
  const isOver = async ({ sessionId, lastUsedAt, endsAt }: ListedSession) =>
    now() >= Math.min(endsAt, lastUsedAt + touchMs + idleMs) ||
    (await ended.isSessionEnded(sessionId));

  const present = async (document: StoredDocument | undefined) => {
    const session = document && sessionOf(document);
    return session && !(await isOver(session)) ? session : undefined;
  };

  const page = async (actor: string, after: string, limit: number) => {
    const found = await documents.documents({
      ...{ collection: 'sessions', limit },
      ...(actor === '' ? {} : { prefix: `${prefixOf(actor)}.` }),
      ...(after === '' ? {} : { after }),
    });
    const next = found.length < limit ? '' : (found.at(-1)?.id ?? '');
    const sessions = (await Promise.all(found.map(present))).filter(each => each !== undefined);
    return { sessions, next };
  };

  const end: SessionList['end'] = async ({ id, actor, name, sessionId, endsAt }, by) => {
    await ended.endSession(sessionId, endsAt);
    const detail = by.actor === actor ? '' : `the session of ${name} (${actor})`;
    // The id follows from the session, so that a repeat adds no other entry.
    const event = eventOf('session.end', by, now(), detail, uuidOf(`session.end ${sessionId}`));
    for (;;) {
      const document = await documents.document('sessions', id);
      if (document === undefined) return await log.append(event);
      const change = { collection: 'sessions', id, before: document.revision, event } as const;
      // Otherwise it was used in this moment.
      if ((await documents.changeDocument(change)) === 'done') return;
    }
  };

  return {
    async add({ sessionId, caller, how, browser, signedInAt, endsAt, sealedHint }) {
      const { actor, name, peer } = caller;
      const id = listId(actor, sessionId);
      const body = {
        ...{ actor, name, how, browser, address: peer, sessionId, signedInAt, endsAt },
        ...{ lastUsedAt: now(), ...(sealedHint !== undefined && { sealedHint }) },
      };
      const event = eventOf('session.create', caller, now(), how, v4());
      const change = { collection: 'sessions', id, before: 0, body, keepUntil: endsAt } as const;
      return (await documents.changeDocument({ ...change, event })) === 'done';
    },

    async isOpen(actor, sessionId) {
      const [document, isEnded] = await Promise.all([
        documents.document('sessions', listId(actor, sessionId)),
        ended.isSessionEnded(sessionId),
      ]);
      return document !== undefined && !isEnded;
    },

    async touch(actor, sessionId, address) {
      try {
        const document = await documents.document('sessions', listId(actor, sessionId));
        if (document === undefined) return;
        const { id, revision: before, body, keepUntil } = document;
        if (now() < Number(body.lastUsedAt) + touchMs && body.address === address) return;
        await documents.changeDocument({
          ...{ collection: 'sessions', id, before },
          body: { ...body, address, lastUsedAt: now() },
          ...(keepUntil !== undefined && { keepUntil }),
        });
      } catch {
        // The list is a little older then: the session itself must not fail by it.
      }
    },

    find: async id => await present(await documents.document('sessions', id)),
    findOwn: async (actor, sessionId) =>
      await present(await documents.document('sessions', listId(actor, sessionId))),
    page,
    end,

    async endAll(actor, by, exceptId) {
      let count = 0;
      let after = '';
      do {
        const { sessions, next } = await page(actor, after, pageMax);
        for (const session of sessions) {
          if (session.sessionId === exceptId) continue;
          await end(session, by);
          count++;
        }
        after = next;
      } while (after !== '');
      return count;
    },
  };
}

/** The actor as the beginning of an id: "admin", a UUID, or "person-" and a UUID. */
function prefixOf(actor: string): string {
  return actor.replace(':', '-');
}

/**
 * The id in the list of a session. Ids have at most 64 characters; 120 bits of the hash are enough to
 * tell sessions apart.
 */
export function listId(actor: string, sessionId: string): string {
  return `${prefixOf(actor)}.${hash('sha256', sessionId, 'base64url').slice(0, 20)}`;
}

function sessionOf({ id, body }: StoredDocument): ListedSession {
  const text = (name: string) => String(body[name] ?? '');
  const { sealedHint } = body as JsonObject;
  return {
    ...{ id, actor: text('actor'), name: text('name'), how: text('how') as SignInMethod },
    ...{ browser: text('browser'), address: text('address'), sessionId: text('sessionId') },
    signedInAt: Number(body.signedInAt),
    lastUsedAt: Number(body.lastUsedAt),
    endsAt: Number(body.endsAt),
    ...(typeof sealedHint === 'string' && { sealedHint }),
  };
}

function eventOf(action: string, by: Ender, time: number, detail: string, id: string) {
  const { actor, name: actorName, peer } = by;
  const who = { actor, ...namesIn({ actor, actorName }), peer };
  return { id, time, action, ...who, tokenId: '', detail, requestId: '' };
}
