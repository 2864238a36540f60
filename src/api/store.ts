/** Shows and accepts the store, in plain values. */

import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { LogPoint } from '../gen/usher/v1/store_pb.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

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
  lost: { sequence: number; time: string; action: string; tokenId: string; putBack: boolean }[];
  replicas: { replica: string; head?: StorePoint; time: string }[];
}

/** Reads what the replica that answers knows about its store. Throws AdminError. */
export async function storeState({ store }: Admin): Promise<StoreState> {
  const status = await call(() => store.getStoreStatus({}));
  const { replica, identity, head, storeIdentity, storeHead, problem } = status;
  return {
    ...{ replica, identity, storeIdentity, problem },
    ...(head && { head: pointOf(head) }),
    ...(storeHead && { storeHead: pointOf(storeHead) }),
    lost: status.lost.map(({ sequence, time, action, tokenId, putBack }) => ({
      ...{ sequence: Number(sequence), time: textOf(time), action, tokenId, putBack },
    })),
    replicas: status.replicas.map(({ replica, head, time }) => ({
      ...{ replica, time: textOf(time) },
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

function textOf(time: Timestamp | undefined): string {
  return time === undefined ? '' : timestampDate(time).toISOString();
}
