/** Access tokens, signatures and a verifier over a map, for the tests of the decision. */

import { createHmac, randomUUID } from 'node:crypto';
import type { TokenLimits } from '../../src/limiting/token-limits.ts';
import type { AccessTokenRecord, JsonObject } from '../../src/store/record.ts';
import type { CoherentReader } from '../../src/store/store.ts';
import type { FindImported } from '../../src/verify/imported.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { createProofCache, type ProofCache } from '../../src/verify/proof-cache.ts';
import { createProve } from '../../src/verify/prove.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { createVerify, type Question } from '../../src/verify/verify.ts';
import { unlimited } from '../limiting/setup.ts';
import { defaultLimits, roomy } from '../limits.ts';

/** The time in every test that does not say otherwise, in milliseconds and in seconds. */
export const nowMs = 1_700_000_000_000;
export const now = nowMs / 1000;

/** Master keys of the tests. */
export const keys = createMasterKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);

/** A secret key as an access token has it. */
export const secretKey = 'usk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** A record of kind jwt whose secret is `secretKey`. */
export function jwtRecord(fields: Partial<AccessTokenRecord> = {}): AccessTokenRecord {
  const id = fields.id ?? randomUUID();
  const secrets = [{ ...keys.seal(secretKey, id), createdAt: 1 }];
  return { ...blank(id), kind: 'jwt', secrets, ...fields };
}

/** A record of kind static, and its token. */
export function staticRecord(fields: Partial<AccessTokenRecord> = {}) {
  const id = fields.id ?? randomUUID();
  const token = makeStaticToken(id);
  const value = keys.hash(token, 'k1').toString('base64url');
  const secrets = [{ masterKeyId: 'k1', value, createdAt: 1 }];
  const record: AccessTokenRecord = { ...blank(id), kind: 'static', secrets, ...fields };
  return { record, token };
}

function blank(id: string) {
  const times = { createdAt: 1, updatedAt: 1 };
  return { id, revision: 1, name: 'test', scopes: ['a', 'b'], eventId: randomUUID(), ...times };
}

/** A verifier that knows these records only. */
export function verifierOf(records: AccessTokenRecord[], clock: () => number = () => nowMs) {
  const map = new Map(records.map(record => [record.id, record]));
  const find = (id: string) => ({ record: map.get(id), stale: false });
  return verifierOver({ find, isCurrent: () => false }, clock);
}

/** A verifier over a reader of records. */
export function verifierOver(
  records: CoherentReader,
  now: () => number = () => nowMs,
  proofs: ProofCache = createProofCache(roomy),
  findImported: FindImported = async () => undefined,
  tokenLimits: TokenLimits = unlimited,
) {
  const limits = defaultLimits.verify;
  const parts = {
    records,
    keys,
    findImported,
    prove: createProve(keys, roomy),
    proofs,
    tokenLimits,
  };
  return createVerify({ ...parts, now, limits });
}

/** The reason, or 'valid'. */
export async function answer(records: AccessTokenRecord[], question: Question, at = nowMs) {
  const verdict = await verifierOf(records, () => at)(question);
  return verdict.valid ? 'valid' : verdict.reason;
}

/** base64url of a text, bytes, or a value as JSON. */
export function part(value: string | Uint8Array | JsonObject): string {
  const plain = typeof value === 'string' || value instanceof Uint8Array;
  return Buffer.from(plain ? value : JSON.stringify(value)).toString('base64url');
}

/** A JWT with exactly these parts, signed with HS256 whatever they say. */
export function sign(
  header: string | Uint8Array | JsonObject,
  payload: string | Uint8Array | JsonObject,
  key: string = secretKey,
): string {
  return signed(`${part(header)}.${part(payload)}`, key);
}

/** A signature put behind header and payload, as they stand. */
export function signed(input: string, key: string = secretKey): string {
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}
