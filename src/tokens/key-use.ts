/** Counts what depends on which master key. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { KeyLedger, RecordKeys } from '../store/seal.ts';
import { rest } from '../timing/slices.ts';

/** What depends on one master key. */
export interface KeyUse {
  masterKeyId: string;
  /** Records with a MAC of it, of access tokens in any state. Resealing signs them with the first key. */
  records: number;
  /** Entries of the index of imported tokens with a MAC of it; the same is true. */
  entries: number;
  /** Documents with a MAC of it, and values sealed with it in documents; the same is true. */
  documents: number;
  /** Static tokens in use that only it verifies. They cannot be re-keyed: they are rotated, or expire. */
  staticTokens: number;
  /** Secrets of JWTs in use, encrypted with it. Resealing encrypts them with the first key. */
  jwtSecrets: number;
  /** Keys of revocations of JWTs, encrypted with it; the same is true. */
  revocationKeys: number;
  /** Secrets of access tokens that are revoked or have expired: without the key they stay refused. */
  over: number;
}

/** A page of the count. */
interface KeyUsePage {
  /** Access tokens examined. */
  examined: number;
  uses: KeyUse[];
  /** Where the next page starts; absent at the end. */
  next?: string;
}

/** Counts a page, "" for the first. Throws Unavailable. */
export type CountKeyUse = (place: string) => Promise<KeyUsePage>;

/** Access tokens, or entries, of a page. */
const pageSize = 250;

/** Creates the count. `now` is in milliseconds since 1970. */
export function createCountKeyUse(
  store: Pick<KeyLedger, 'recordKeys' | 'entryKeys' | 'documentKeys'>,
  now: () => number,
): CountKeyUse {
  return async place => {
    const [, part = 'records', after = ''] = /^(records|entries|documents):(.*)$/.exec(place) ?? [];
    const uses = new Map<string, KeyUse>();
    const countOf = (masterKeyId: string) => {
      const use = uses.get(masterKeyId) ?? { ...nothing, masterKeyId };
      uses.set(masterKeyId, use);
      return use;
    };
    if (part === 'records') {
      const page = await store.recordKeys(after, pageSize);
      for (const each of page.keys) countRecord(each, countOf, now());
      const next = page.cursor === undefined ? 'entries:' : `records:${page.cursor}`;
      return { examined: page.keys.length, uses: [...uses.values()], next };
    }
    if (part === 'entries') {
      const page = await store.entryKeys(after, pageSize);
      for (const id of page.keys) if (id !== '') countOf(id).entries += 1;
      const next = page.cursor === undefined ? 'documents:' : `entries:${page.cursor}`;
      return { examined: 0, uses: [...uses.values()], next };
    }
    const page = await store.documentKeys(after, pageSize);
    for (const { macKeyId, sealedUnder } of page.keys) {
      const ids = [...sealedUnder, ...(macKeyId === undefined ? [] : [macKeyId])];
      for (const id of ids) countOf(id).documents += 1;
    }
    const counted = { examined: 0, uses: [...uses.values()] };
    return page.cursor === undefined ? counted : { ...counted, next: `documents:${page.cursor}` };
  };
}

/** Counts all, in pages between which other work goes on. Throws Unavailable. */
export async function countAll(count: CountKeyUse): Promise<KeyUse[]> {
  let sum: KeyUse[] = [];
  for (let place: string | undefined = ''; place !== undefined; ) {
    const page: KeyUsePage = await count(place);
    sum = addUses(sum, page.uses);
    place = page.next;
    await rest();
  }
  return sum;
}

/** The sum of two counts. */
export function addUses(one: readonly KeyUse[], other: readonly KeyUse[]): KeyUse[] {
  const sum = new Map(one.map(use => [use.masterKeyId, use]));
  for (const use of other) {
    const before = sum.get(use.masterKeyId) ?? nothing;
    sum.set(use.masterKeyId, {
      masterKeyId: use.masterKeyId,
      records: before.records + use.records,
      entries: before.entries + use.entries,
      documents: before.documents + use.documents,
      staticTokens: before.staticTokens + use.staticTokens,
      jwtSecrets: before.jwtSecrets + use.jwtSecrets,
      revocationKeys: before.revocationKeys + use.revocationKeys,
      over: before.over + use.over,
    });
  }
  return [...sum.values()];
}

/** What would be unavailable without the key: the sum of all but what is over. */
export function neededBy(use: KeyUse): number {
  const { records, entries, documents, staticTokens, jwtSecrets, revocationKeys } = use;
  return records + entries + documents + staticTokens + jwtSecrets + revocationKeys;
}

const nothing: KeyUse = {
  masterKeyId: '',
  records: 0,
  entries: 0,
  documents: 0,
  staticTokens: 0,
  jwtSecrets: 0,
  revocationKeys: 0,
  over: 0,
};

function countRecord(
  { macKeyId, record }: RecordKeys,
  countOf: (masterKeyId: string) => KeyUse,
  now: number,
): void {
  if (macKeyId !== undefined) countOf(macKeyId).records += 1;
  if (record === undefined) return;
  const isOver = isOverAt(record, now);
  for (const { masterKeyId, goodUntil = Number.POSITIVE_INFINITY } of record.secrets) {
    if (isOver || goodUntil <= now) countOf(masterKeyId).over += 1;
    else if (record.kind === 'static') countOf(masterKeyId).staticTokens += 1;
    else countOf(masterKeyId).jwtSecrets += 1;
  }
  const key = record.revokedJwts?.key;
  if (key === undefined) return;
  if (isOver) countOf(key.masterKeyId).over += 1;
  else countOf(key.masterKeyId).revocationKeys += 1;
}

function isOverAt({ revokedAt, expiresAt }: AccessTokenRecord, now: number): boolean {
  return revokedAt !== undefined || (expiresAt !== undefined && expiresAt <= now);
}
