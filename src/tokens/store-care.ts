/** What concerns the store as a whole: its migration, and its comparison with the audit log. */

import type { Awaitable } from '../store/awaitable.ts';
import { type Collection, documentIdPattern, loggedCollections } from '../store/documents.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import { type Store, Unavailable } from '../store/store.ts';
import { rest } from '../timing/slices.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Audit } from './audit.ts';
import { byCaller } from './audit-names.ts';
import { adminScope, type Caller, demand, demandNoOwner } from './caller.ts';
import { checkUuid, invalid } from './fields.ts';
import { pageTokens } from './page-token.ts';

/** A page of the migration. */
interface MigratedPage {
  /** Access tokens examined. */
  examined: number;
  /** Records that were signed. */
  signed: number;
  /** "" at the end: the store is migrated. */
  nextPageToken: string;
}

/** Which change made a record what it is; the revision is 0 for one that cannot be used. */
type RecordHead = Pick<AccessTokenRecord, 'id' | 'revision' | 'eventId'>;

/** A page of records. */
interface RecordsPage {
  records: RecordHead[];
  /** "" at the end. */
  nextPageToken: string;
}

/** A document, by its collection, a slash and its id; the revision is 0 for one that cannot be used. */
interface DocumentHead {
  name: string;
  revision: number;
}

/** A page of documents. */
interface DocumentsPage {
  documents: DocumentHead[];
  /** "" at the end. */
  nextPageToken: string;
  /** When they were read, in milliseconds since 1970. */
  readAt: number;
}

/** Each throws TokenError or Unavailable. */
export interface StoreCare {
  /** Signs the records of a page that have no MAC; with the last page it ends the migration. */
  migrate(caller: Caller, pageToken: string): Promise<MigratedPage>;
  /** Reads a page of records, or only that of `id` unless it is "". */
  listRecords(caller: Caller, id: string, pageToken: string): Promise<RecordsPage>;
  /** The same of documents, whose creation and removal are in the log; those that have ended are left out. */
  listDocuments(caller: Caller, name: string, pageToken: string): Promise<DocumentsPage>;
}

/** Access tokens, or documents, of a page. */
const pageSize = 500;
/** Those that are read in one step. */
const stepSize = 64;

/** Creates it. `now` is in milliseconds since 1970. */
export function createStoreCare(
  store: Store,
  keys: MasterKeys,
  audit: Pick<Audit, 'add'>,
  now: () => number,
): StoreCare {
  const tokensOf = (caller: Caller, rpc: string) => pageTokens(keys, caller, { rpc, query: [] });
  const readPage = async (after: string | undefined) => {
    const from = after === undefined ? {} : { after };
    return await store.scan({ order: 'oldest', limit: pageSize, ...from });
  };
  /** What a read finds; `otherwise` where this cannot be used, although the store can. */
  const readOr = async <T>(read: () => Awaitable<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await store.count();
      return otherwise;
    }
  };
  const recordHeads = (ids: readonly string[]) =>
    inSteps(ids, id =>
      readOr<RecordHead | undefined>(() => store.get(id), { id, revision: 0, eventId: '' }),
    );
  const documentHeads = (places: readonly { collection: Collection; id: string }[]) =>
    inSteps(places, async ({ collection, id }) => {
      const unusable: { revision: number } = { revision: 0 };
      const found = await readOr(() => store.document(collection, id), unusable);
      return found && { name: `${collection}/${id}`, revision: found.revision };
    });
  return {
    async migrate(caller, pageToken) {
      demandWhole(caller, 'migrate the store');
      const tokens = tokensOf(caller, 'Migrate');
      // The page token carries the counts of the pages before.
      const before = placeOf(tokens.read(pageToken));
      const { records, cursor } = await readPage(before.after);
      const signed = await store.signRecords(records.map(({ id }) => id));
      const page = { examined: records.length, signed };
      const examinedInAll = before.examined + records.length;
      const signedInAll = before.signed + signed;
      if (cursor !== undefined) {
        const place = `${examinedInAll} ${signedInAll} ${cursor}`;
        return { ...page, nextPageToken: tokens.write(place) };
      }
      await store.signImported();
      const detail = `${examinedInAll} access tokens, ${signedInAll} records signed`;
      await audit.add({ action: 'store.migrate', ...byCaller(caller), detail });
      await store.endMigration();
      return { ...page, nextPageToken: '' };
    },
    async listRecords(caller, id, pageToken) {
      demandWhole(caller, 'list all records');
      if (id !== '') {
        return { records: await recordHeads([checkUuid('id', id)]), nextPageToken: '' };
      }
      const tokens = tokensOf(caller, 'ListRecords');
      const { keys, cursor } = await store.recordKeys(tokens.read(pageToken) ?? '', pageSize);
      const records = await recordHeads(keys.map(({ id }) => id));
      return { records, nextPageToken: tokens.write(cursor) };
    },
    async listDocuments(caller, name, pageToken) {
      demandWhole(caller, 'list all documents');
      const readAt = now();
      if (name !== '') {
        return { documents: await documentHeads([placeOfName(name)]), nextPageToken: '', readAt };
      }
      const tokens = tokensOf(caller, 'ListDocuments');
      const { keys, cursor } = await store.documentKeys(tokens.read(pageToken) ?? '', pageSize);
      const logged = keys.filter(({ collection }) => isLogged(collection));
      const documents = await documentHeads(logged);
      return { documents, nextPageToken: tokens.write(cursor), readAt };
    },
  };
}

/** What is found of some, read a few at a time: the embedded store answers at once, and verdicts must not wait. */
async function inSteps<T, U>(
  all: readonly T[],
  read: (each: T) => Promise<U | undefined>,
): Promise<U[]> {
  const found: U[] = [];
  for (let n = 0; n < all.length; n += stepSize) {
    const some = await Promise.all(all.slice(n, n + stepSize).map(read));
    found.push(...some.filter(each => each !== undefined));
    await rest();
  }
  return found;
}

/** A document of the name in a request. */
function placeOfName(name: string): { collection: Collection; id: string } {
  const [collection = '', id = '', more] = name.split('/');
  if (!isLogged(collection) || !documentIdPattern.test(id) || more !== undefined) {
    throw invalid('name', `must be COLLECTION/ID, with one of ${loggedCollections.join(', ')}`);
  }
  return { collection, id };
}

function isLogged(name: string): name is (typeof loggedCollections)[number] {
  return loggedCollections.some(each => each === name);
}

/** What a page token of the migration says: the counts so far, and the cursor. */
function placeOf(place = '0 0'): { examined: number; signed: number; after: string | undefined } {
  const [examined, signed, after] = place.split(' ');
  return { examined: Number(examined), signed: Number(signed), after };
}

function demandWhole(caller: Caller, what: string): void {
  demand(caller, adminScope);
  demandNoOwner(caller, what);
}
