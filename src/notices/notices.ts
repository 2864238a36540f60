/** Lists what needs someone's attention: the bell of the API Manager. */

import type { Documents } from '../store/documents.ts';
import type { StoreHealth } from '../store/health.ts';
import type { Store } from '../store/store.ts';
import { adminScope, type Caller, demand, readScope } from '../tokens/caller.ts';
import { expiringNotices } from './expiring.ts';
import type { NoticeLimits } from './limits.ts';
import { jobNotices, leakNotices, limitNotices, webhookNotices } from './of-documents.ts';
import { serverNotices } from './of-server.ts';

/** What a notice is about. */
export type NoticeKind =
  | 'expiring'
  | 'leaked'
  | 'limit reached'
  | 'webhook'
  | 'store'
  | 'server'
  | 'job';

/** Something that needs attention. */
export interface Notice {
  /** The same as long as it is about the same. */
  id: string;
  kind: NoticeKind;
  /** One sentence. It holds no token and no secret. */
  text: string;
  /** A path of the API Manager. */
  path: string;
  /** Milliseconds since 1970; absent where it is not known. */
  time?: number;
  isUrgent: boolean;
}

/** What a caller may be shown. */
interface Notices {
  notices: Notice[];
  /** Whether there are more. */
  more: boolean;
}

/** The store, as far as notices read it. */
type NoticeStore = Pick<Documents, 'document' | 'documents'> &
  Pick<Store, 'get' | 'scan' | 'usage' | 'storeStatus'>;

/** What it needs. */
export interface NoticesDeps {
  store: NoticeStore;
  health: Pick<StoreHealth, 'degraded'>;
  /** Milliseconds since 1970. */
  now: () => number;
  monotonicMs: () => number;
  limits: NoticeLimits;
}

/**
 * Lists the notices that the caller may see, the most urgent first. The caller needs the scope
 * usher.tokens.read. Throws TokenError or Unavailable.
 */
export type ListNotices = (caller: Caller) => Promise<Notices>;

/**
 * Creates it. Callers with the same rights get the same answer for some seconds, apart from what concerns
 * the caller alone.
 */
export function createListNotices(deps: NoticesDeps): ListNotices {
  const { limits, monotonicMs } = deps;
  const answers = new Map<string, { atMs: number; answer: Promise<Notice[]> }>();
  const shared = async (caller: Caller): Promise<Notice[]> => {
    const isAdmin = caller.scopes.includes(adminScope);
    const key = JSON.stringify([isAdmin, caller.owners?.toSorted()]);
    const known = answers.get(key);
    if (known !== undefined && monotonicMs() - known.atMs < limits.freshMs) {
      return await known.answer;
    }
    const made = { atMs: monotonicMs(), answer: collect(deps, caller, isAdmin) };
    answers.delete(key);
    answers.set(key, made);
    const [oldest] = answers.keys();
    if (answers.size > limits.answersMax && oldest !== undefined) answers.delete(oldest);
    made.answer.catch(() => {
      if (answers.get(key) === made) answers.delete(key);
    });
    return await made.answer;
  };
  return async caller => {
    demand(caller, readScope);
    const found = await shared(caller);
    if (isWithoutStore(found)) return { notices: found, more: false };
    const context = { store: deps.store, caller, now: deps.now(), limits };
    const all = [...found, ...(await jobNotices(context))];
    const sorted = [true, false].flatMap(is => all.filter(({ isUrgent }) => isUrgent === is));
    const notices = sorted.slice(0, limits.noticesMax);
    return { notices, more: sorted.length > notices.length };
  };
}

/** Whether the store did not answer. */
function isWithoutStore(notices: readonly Notice[]): boolean {
  return notices.some(({ id }) => id === 'store.problem');
}

/** What all callers with the same rights may see. */
async function collect(deps: NoticesDeps, caller: Caller, isAdmin: boolean): Promise<Notice[]> {
  const { store, limits } = deps;
  // What the server itself knows is shown also while the store does not answer.
  const own = await serverNotices(deps, caller);
  if (isWithoutStore(own)) return own;
  const context = { store, caller, now: deps.now(), limits };
  const found = await Promise.all([
    leakNotices(context),
    isAdmin ? webhookNotices(context) : [],
    limitNotices(context),
    expiringNotices(context),
  ]);
  return [...own, ...found.flat()];
}

/** What a kind of notice is collected for. */
export interface NoticeContext {
  store: NoticeStore;
  caller: Caller;
  /** Milliseconds since 1970. */
  now: number;
  limits: NoticeLimits;
}
