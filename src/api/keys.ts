/** Calls the API of the master keys. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { CountKeyUseResponse_Use, KeyStatus } from '../gen/usher/v1/keys_pb.ts';
import { type Admin, call } from './connect.ts';

/** What a replica knows of the master keys; see KeyStatus in the proto. */
export interface KeyState {
  source: string;
  keys: { id: string; writes: boolean; listed: boolean }[];
  /** `time` as in ISO 8601. */
  replicas: { replica: string; reads: string[]; writes: string; time: string }[];
  waitsFor: string[];
  /** "" when nothing is wrong. */
  problem: string;
}

/** What depends on one master key; see CountKeyUseResponse.Use in the proto. */
export type KeyUse = Pick<
  CountKeyUseResponse_Use,
  | 'masterKeyId'
  | 'records'
  | 'entries'
  | 'documents'
  | 'staticTokens'
  | 'jwtSecrets'
  | 'revocationKeys'
  | 'over'
>;

/** The state of the keys. Throws AdminError. */
export async function keyState({ keys }: Admin): Promise<KeyState> {
  const { status } = await call(() => keys.getKeys({}));
  return stateOf(status);
}

/** Has the replica read its keys again. Throws AdminError. */
export async function reloadKeys({ keys }: Admin): Promise<KeyState> {
  const { status } = await call(() => keys.reloadKeys({}));
  return stateOf(status);
}

/** Makes a new key; its id, and the state. Throws AdminError. */
export async function rotateKeys({ keys }: Admin): Promise<{ id: string; state: KeyState }> {
  const { newId, status } = await call(() => keys.rotateKeys({}));
  return { id: newId, state: stateOf(status) };
}

/** Removes a key that nothing needs; the state. Throws AdminError. */
export async function removeKey({ keys }: Admin, id: string): Promise<KeyState> {
  const { status } = await call(() => keys.removeKey({ id }));
  return stateOf(status);
}

/** Counts what depends on which key: the sum so far, page by page. Throws AdminError. */
export async function* keyUses({
  keys,
}: Admin): AsyncGenerator<{ examined: number; uses: KeyUse[] }> {
  const sums = new Map<string, KeyUse>();
  let examined = 0;
  let pageToken = '';
  do {
    const page = await call(() => keys.countKeyUse({ pageToken }));
    examined += page.examined;
    for (const use of page.uses) sums.set(use.masterKeyId, added(sums.get(use.masterKeyId), use));
    yield { examined, uses: [...sums.values()] };
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

function added(before: KeyUse | undefined, use: KeyUse): KeyUse {
  return {
    masterKeyId: use.masterKeyId,
    records: (before?.records ?? 0) + use.records,
    entries: (before?.entries ?? 0) + use.entries,
    documents: (before?.documents ?? 0) + use.documents,
    staticTokens: (before?.staticTokens ?? 0) + use.staticTokens,
    jwtSecrets: (before?.jwtSecrets ?? 0) + use.jwtSecrets,
    revocationKeys: (before?.revocationKeys ?? 0) + use.revocationKeys,
    over: (before?.over ?? 0) + use.over,
  };
}

function stateOf(status: KeyStatus | undefined): KeyState {
  const { source = '', keys = [], replicas = [], waitsFor = [], problem = '' } = status ?? {};
  return {
    source,
    keys: keys.map(({ id, writes, listed }) => ({ id, writes, listed })),
    replicas: replicas.map(({ replica, reads, writes, time }) => ({
      ...{ replica, reads, writes },
      time: time === undefined ? '' : timestampDate(time).toISOString(),
    })),
    waitsFor,
    problem,
  };
}
