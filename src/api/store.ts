/** Calls the API that looks after the store: migration, comparison with the audit log, acceptance. */

import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { LogPoint } from '../gen/usher/v1/store_pb.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** What a page of the migration did. */
export interface MigratedPage {
  /** Access tokens examined. */
  examined: number;
  /** Records that were signed. */
  signed: number;
}

/** Migrates the store, page by page. Throws AdminError. */
export async function* migrate({ store }: Admin): AsyncGenerator<MigratedPage> {
  let pageToken = '';
  do {
    const { examined, signed, nextPageToken } = await call(() => store.migrate({ pageToken }));
    yield { examined, signed };
    pageToken = nextPageToken;
  } while (pageToken !== '');
}

/** A record, as far as the audit log names its last change. */
export interface RecordHead {
  /** UUID of the access token. */
  id: string;
  /** Id of the audit event of its last change; "" for a record that cannot be used. */
  eventId: string;
}

/** What is wrong with a record or document that the server finds and cannot use. */
export const unusable =
  "it cannot be used: the server's log, or `usher store status`, says what is wrong with it";

/** Reads all records, page by page, oldest access token first. Throws AdminError. */
export async function* records({ store }: Admin): AsyncGenerator<RecordHead> {
  let pageToken = '';
  do {
    const page = await call(() => store.listRecords({ pageToken }));
    yield* page.records;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

/** Reads the record of a UUID; undefined without one. Throws AdminError. */
export async function recordOf({ store }: Admin, id: string): Promise<RecordHead | undefined> {
  const { records } = await call(() => store.listRecords({ id }));
  return records[0];
}

/** A position in the audit log. */
export interface StorePoint {
  sequence: number;
  hash: string;
}

/** What a replica knows about its store; see GetStoreStatusResponse in the proto. */
export interface StoreState {
  replica: string;
  identity: string;
  head?: StorePoint;
  storeIdentity: string;
  storeHead?: StorePoint;
  /** "" while nothing is wrong. */
  problem: string;
  /** Times are RFC 3339, to the millisecond. */
  lost: {
    sequence: number;
    time: string;
    action: string;
    tokenId: string;
    /** Such as "people/3f2c"; "" for an access token. */
    document: string;
    putBack: boolean;
  }[];
  /** `version` is "" where a replica does not say it. */
  replicas: { replica: string; version: string; head?: StorePoint; time: string }[];
}

/** Reads what the replica that answers knows about its store. Throws AdminError. */
export async function storeState({ store }: Admin): Promise<StoreState> {
  const status = await call(() => store.getStoreStatus({}));
  const { replica, identity, head, storeIdentity, storeHead, problem } = status;
  return {
    ...{ replica, identity, storeIdentity, problem },
    ...(head && { head: pointOf(head) }),
    ...(storeHead && { storeHead: pointOf(storeHead) }),
    lost: status.lost.map(({ sequence, time, action, tokenId, document, putBack }) => ({
      ...{ sequence: Number(sequence), time: textOf(time) },
      ...{ action, tokenId, document, putBack },
    })),
    replicas: status.replicas.map(({ replica, version, head, time }) => ({
      ...{ replica, version, time: textOf(time) },
      ...(head && { head: pointOf(head) }),
    })),
  };
}

/** Accepts the store as it is now. Throws AdminError. */
export async function acceptStore({ store }: Admin): Promise<void> {
  await call(() => store.acceptStore({}));
}

function pointOf({ sequence, hash }: LogPoint): StorePoint {
  return { sequence: Number(sequence), hash };
}

/** A time as RFC 3339, to the millisecond; "" for none. */
export function textOf(time: Timestamp | undefined): string {
  return time === undefined ? '' : timestampDate(time).toISOString();
}
