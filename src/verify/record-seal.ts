/** The MACs of records: HMAC-SHA-256 of 128 bits, under a key of their own of each master key. */

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { RecordSeal } from '../store/seal.ts';
import { deriveKey, type MasterKey } from './master-keys.ts';

/** Bytes of a MAC: an attacker cannot try 2^128, and a million records have it in memory. */
const macBytes = 16;

/** Creates the seal. The first key signs. Throws Error without a key. */
export function createRecordSeal(list: readonly MasterKey[]): RecordSeal {
  const [current] = list;
  if (current === undefined) throw new Error('there is no master key');
  const keys = new Map(list.map(({ id, bytes }) => [id, deriveKey(bytes, 'usher/v1/record-mac')]));
  const keyChecks = new Map(
    list.map(({ id, bytes }) => {
      const key = deriveKey(bytes, 'usher/v1/key-check');
      return [id, macOf(key, id, '').toString('base64url')] as const;
    }),
  );
  const currentKey = keys.get(current.id) as KeyObject;
  return {
    currentId: current.id,
    keyChecks,
    sign: (id, text) => `${current.id} ${macOf(currentKey, id, text).toString('base64url')}`,
    check(id, text, mac) {
      const [keyId = '', value = ''] = mac.split(' ');
      const key = keys.get(keyId);
      if (key === undefined) return 'unknown key';
      const given = Buffer.from(value, 'base64url');
      const right = given.length === macBytes && timingSafeEqual(given, macOf(key, id, text));
      return right ? 'good' : 'wrong';
    },
  };
}

/** No id holds a NUL, so id and text cannot be divided in two ways. */
function macOf(key: KeyObject, id: string, text: string): Buffer {
  return createHmac('sha256', key).update(`${id}\0${text}`).digest().subarray(0, macBytes);
}
