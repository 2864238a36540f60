/**
 * Reads a backup of the store, page by page, while the store changes. Records are read before the log
 * and, where the log then names a change of theirs, again: the backup ends when the log has ended.
 */

import type { ChainedEvent } from '../store/audit.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { RecordSeal } from '../store/seal.ts';
import type { Store } from '../store/store.ts';
import type { Audit } from './audit.ts';
import { byCaller } from './audit-names.ts';
import { changedDocumentLines, documentsPage } from './backup-documents.ts';
import { type BackupLine, backupFormat, writeLine } from './backup-line.ts';
import { type Caller, demandAdminToken } from './caller.ts';
import { invalid } from './fields.ts';

/** A page of a backup. */
interface BackupPage {
  /** Its lines. */
  lines: string[];
  /** "" at the end. */
  nextPageToken: string;
}

/** Reads a page; "" is the first one. Throws TokenError or Unavailable. */
export type ReadBackup = (caller: Caller, pageToken: string) => Promise<BackupPage>;

/** What it needs. */
export interface BackupDeps {
  store: Store;
  seal: RecordSeal;
  audit: Pick<Audit, 'add'>;
}

/** Limits of a page. */
const pageLimits = {
  entries: 500,
  /** Characters of lines; the last one can go beyond. Answers may have 4 MiB at least. */
  length: 1_000_000,
} as const;

/** The parts of a backup, in their order; after `changed`, `events` follows while the log goes on. */
type Part = 'records' | 'imported' | 'documents' | 'events' | 'changed';

/** Where a page starts. */
interface Place {
  part: Part;
  /** Records are at least as new as this entry of the log. */
  since: number;
  /** The cursor of the part, or for events and changed the sequence number to start after. */
  after: string;
}

interface Page {
  lines: BackupLine[];
  next?: Place;
}

/** Creates it. */
export function createReadBackup({ store, seal, audit }: BackupDeps): ReadBackup {
  const readers: Record<Part, (place: Place) => Promise<Page>> = {
    records: place => recordsPage(store, place),
    imported: place => importedPage(store, place),
    documents: place => documentLines(store, place),
    events: place => eventsPage(store, place),
    changed: place => changedPage(store, place),
  };
  const pageAt = (place: Place) => readers[place.part](place);
  return async (caller, pageToken) => {
    demandAdminToken(caller, 'read a backup');
    if (pageToken === '') {
      await audit.add({ action: 'store.backup', ...byCaller(caller), detail: '' });
    }
    const page = pageToken === '' ? await firstPage(store) : await pageAt(placeOf(pageToken));
    return {
      lines: page.lines.map(line => writeLine(seal, line)),
      nextPageToken: page.next === undefined ? '' : tokenOf(page.next),
    };
  };
}

function tokenOf({ part, since, after }: Place): string {
  return `${part}.${since}.${after}`;
}

function placeOf(token: string): Place {
  const [, part, since, after = ''] =
    /^(records|imported|documents|events|changed)\.(\d{1,15})\.([\w./-]{0,100})$/.exec(token) ?? [];
  if (part === undefined) throw invalid('page_token', 'is not a next_page_token of ReadBackup');
  return { part: part as Part, since: Number(since), after };
}

async function firstPage(store: Store): Promise<Page> {
  const head = await store.head();
  const identity = await store.identity();
  const line = {
    ...{ backup: backupFormat, head, forms: await store.importedForms() },
    ...(identity === undefined ? {} : { identity }),
  };
  return { lines: [line], next: { part: 'records', since: head.sequence, after: '' } };
}

async function recordsPage(store: Store, { since, after }: Place): Promise<Page> {
  const from = after === '' ? {} : { after };
  const page = await store.scan({ order: 'oldest', limit: pageLimits.entries, ...from });
  const all = await recordLines(store, page.records);
  const lines = fitting(all);
  const last = page.records[lines.length - 1];
  if (lines.length < all.length && last !== undefined) {
    return { lines, next: { part: 'records', since, after: last.id } };
  }
  return page.cursor === undefined
    ? { lines, next: { part: 'imported', since, after: '' } }
    : { lines, next: { part: 'records', since, after: page.cursor } };
}

async function recordLines(store: Store, records: AccessTokenRecord[]): Promise<BackupLine[]> {
  const usage = await store.usage(records.map(({ id }) => id));
  return records.map((record, n) => {
    const { days = {}, lastUsedAt } = usage[n] ?? {};
    // Without the address, which is kept for a look at the present alone, and without refusals.
    return lastUsedAt === undefined ? { record } : { record, usage: { days, lastUsedAt } };
  });
}

async function importedPage(store: Store, { since, after }: Place): Promise<Page> {
  const { entries, cursor } = await store.importedEntries(after, pageLimits.entries);
  const lines = entries.map(imported => ({ imported }));
  return cursor === undefined
    ? { lines, next: { part: 'documents', since, after: '' } }
    : { lines, next: { part: 'imported', since, after: cursor } };
}

async function documentLines(store: Store, { since, after }: Place): Promise<Page> {
  const { lines: all, places } = await documentsPage(store, after, pageLimits.entries);
  const lines = fitting(all);
  const last = places[lines.length - 1];
  return last === undefined
    ? { lines, next: { part: 'events', since, after: '0' } }
    : { lines, next: { part: 'documents', since, after: last } };
}

async function eventsPage(store: Store, { since, after }: Place): Promise<Page> {
  const events = await eventsAfter(store, after);
  const lines = fitting(events.map(event => ({ event })));
  const end = String(events[lines.length - 1]?.sequence ?? after);
  const more = lines.length < events.length || events.length === pageLimits.entries;
  if (more) return { lines, next: { part: 'events', since, after: end } };
  // The records were read at `since`; what changed up to the end of the log is read again.
  return { lines, next: { part: 'changed', since: Number(end), after: String(since) } };
}

async function changedPage(store: Store, { since, after }: Place): Promise<Page> {
  let events = (await eventsAfter(store, after)).filter(({ sequence }) => sequence <= since);
  let lines = await changedLines(store, events);
  while (events.length > 1 && fitting(lines).length < lines.length) {
    events = events.slice(0, Math.ceil(events.length / 2));
    lines = await changedLines(store, events);
  }
  const last = events.at(-1)?.sequence ?? since;
  if (last < since) return { lines, next: { part: 'changed', since, after: String(last) } };
  const head = await store.head();
  if (head.sequence > since) {
    return { lines, next: { part: 'events', since, after: String(since) } };
  }
  const [oldest] = await store.events({ order: 'oldest', limit: 1 });
  const forms = await store.importedForms();
  return { lines: [...lines, { end: head, oldest: oldest?.sequence ?? 1, forms }] };
}

async function changedLines(store: Store, events: ChainedEvent[]): Promise<BackupLine[]> {
  const ids = new Set(events.map(({ tokenId }) => tokenId).filter(id => id !== ''));
  const found = await Promise.all([...ids].map(async id => store.get(id)));
  const records = found.filter(record => record !== undefined);
  const imported = records.flatMap(({ id, secrets }) =>
    secrets
      .filter(({ hashed }) => hashed !== undefined)
      // An imported token's stored hash is its digest in the index.
      .map(({ value }) => ({ imported: { digest: value, tokenId: id } })),
  );
  const documents = await changedDocumentLines(store, events);
  return [...(await recordLines(store, records)), ...imported, ...documents];
}

async function eventsAfter(store: Store, after: string): Promise<ChainedEvent[]> {
  return await store.events({ order: 'oldest', after: Number(after), limit: pageLimits.entries });
}

/** The first lines that fit into a page; at least one. */
function fitting(lines: BackupLine[]): BackupLine[] {
  let length = 0;
  const end = lines.findIndex(line => {
    length += JSON.stringify(line).length;
    return length > pageLimits.length;
  });
  return end === -1 ? lines : lines.slice(0, Math.max(end, 1));
}
