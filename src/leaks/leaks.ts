/** Lists leaks, and dismisses those that someone took care of. */

import { v4 } from 'uuid';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import { byCaller } from '../tokens/audit-names.ts';
import { type Caller, demand, isVisible, readScope, writeScope } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { Faults } from '../tokens/faults.ts';
import { checkShownText, checkUuid, fieldLimits, invalid } from '../tokens/fields.ts';
import { bodyOf, type Leak, lastReportedAt, leakOf } from './leak.ts';

/** Which leaks to list. */
interface LeakQuery {
  /** Only those of this access token; "" for all. */
  tokenId: string;
  /** Also those that were dismissed. */
  withDismissed: boolean;
}

/** A leak and its access token. */
export interface ListedLeak {
  leak: Leak;
  /** Absent for the admin token of the configuration. */
  record?: AccessTokenRecord;
}

/** The operations. Each checks the caller's rights, and throws TokenError or Unavailable. */
export interface Leaks {
  /** The leaks that the caller may see, the latest report first; at most 1000. */
  list(caller: Caller, query: LeakQuery): Promise<ListedLeak[]>;
  /** Notes that someone took care of a leak; `note` is at most 256 characters. */
  dismiss(caller: Caller, id: string, note: string): Promise<ListedLeak>;
}

/** What they need. */
export interface LeaksDeps {
  store: Pick<Store, 'get' | 'documents' | 'document' | 'changeDocument'>;
  /** Milliseconds since 1970. */
  now: () => number;
}

const pageSize = 500;
/** Most documents that one list reads; there is one for each credential that ever leaked. */
const readMax = 10_000;
const listedMax = 1000;
/** How long a leak is kept once it was dismissed, in milliseconds. */
const dismissedMs = 400 * 86_400_000;
/** Records that are read at the same time. */
const readAtOnce = 50;
const attemptsMax = 8;

/** Creates them. */
export function createLeaks({ store, now }: LeaksDeps): Leaks {
  const seenBy = async (caller: Caller, leak: Leak): Promise<ListedLeak | undefined> => {
    // The admin token concerns all owners.
    if (leak.tokenId === '') return caller.owners === undefined ? { leak } : undefined;
    const record = await store.get(leak.tokenId);
    return record !== undefined && isVisible(caller, record) ? { leak, record } : undefined;
  };
  return {
    async list(caller, { tokenId, withDismissed }) {
      demand(caller, readScope);
      const prefix = tokenId === '' ? undefined : `${checkUuid('token_id', tokenId)}.`;
      const leaks = (await readLeaks(store, prefix))
        .filter(({ dismissed }) => withDismissed || dismissed === undefined)
        .sort((a, b) => lastReportedAt(b) - lastReportedAt(a));
      const listed: ListedLeak[] = [];
      for (let at = 0; at < leaks.length && listed.length < listedMax; at += readAtOnce) {
        const some = leaks.slice(at, at + readAtOnce).map(leak => seenBy(caller, leak));
        listed.push(...(await Promise.all(some)).filter(seen => seen !== undefined));
      }
      return listed.slice(0, listedMax);
    },

    async dismiss(caller, id, note) {
      demand(caller, writeScope);
      const faults = new Faults();
      faults.read(() => checkShownText('note', note, fieldLimits.reasonLengthMax));
      faults.read(() => checkLeakId(id));
      faults.end();
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const stored = await store.document('leaks', id);
        const seen = stored && (await seenBy(caller, leakOf(stored)));
        if (stored === undefined || seen === undefined) {
          throw new TokenError('NOT_FOUND', `there is no leak with id ${JSON.stringify(id)}`);
        }
        const { leak } = seen;
        if (leak.dismissed !== undefined) return seen;
        const at = now();
        const dismissed = { at, by: caller.actor, name: caller.name, note };
        const outcome = await store.changeDocument({
          ...{ collection: 'leaks', id, before: stored.revision },
          ...{ body: bodyOf({ ...leak, dismissed }), keepUntil: at + dismissedMs },
          event: {
            ...{ id: v4(), time: at, action: 'leak.dismiss', ...byCaller(caller) },
            ...{ tokenId: leak.tokenId, ...(seen.record && { tokenName: seen.record.name }) },
            ...{ detail: note, requestId: '' },
          },
        });
        if (outcome === 'done') return { ...seen, leak: { ...leak, dismissed } };
      }
      throw new TokenError('ABORTED', 'this leak keeps changing; try again');
    },
  };
}

async function readLeaks(
  store: Pick<Store, 'documents'>,
  prefix: string | undefined,
): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for (let after: string | undefined; leaks.length < readMax; ) {
    const page = await store.documents({
      ...{ collection: 'leaks', limit: pageSize },
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
    });
    leaks.push(...page.map(leakOf));
    if (page.length < pageSize) break;
    after = page.at(-1)?.id;
  }
  return leaks;
}

function checkLeakId(id: string): void {
  if (!/^[\w.-]{1,64}$/.test(id)) throw invalid('id', 'is not the id of a leak');
}
