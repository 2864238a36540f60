/**
 * What versions before wrote is read by this one: hashes, seals and MACs of a fixed master key. Another
 * answer would make every token that exists invalid.
 */

import { expect, test } from 'vitest';
import { jwtDigest } from '../../src/verify/jwt.ts';
import { createMasterKeys, importedHash } from '../../src/verify/master-keys.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { claimHashes, hashKeyContext, nameByDigest } from '../../src/verify/revoked-jwts.ts';
import { makeStaticToken, parseStaticToken } from '../../src/verify/static-token.ts';

const list = [{ id: 'k1', bytes: new Uint8Array(32).fill(1) }];
const keys = createMasterKeys(list);
const id = '01890a5d-ac96-774b-bcce-b302099a8057';

test('the hash of a static token', () => {
  const hash = keys.hash('token', 'k1').toString('base64url');
  expect(hash).toBe('AOR-qGLFQkq7m4U_68nCnNFvWwOn1rC42gq-BVvXAZ0');
});

test.each([
  ['sha256', 'diFE02HedBzJVmzFqUjTfmIBlcb2rwiUrCnQDf9ofc8'],
  ['sha512', 'mpz1WM5y_a5UwSO7YCUyJRuxB92NHhDpzJyx2LEsqKk'],
] as const)('the hash of an imported token by its %s', (algorithm, expected) => {
  const hash = keys.hashImported(importedHash('token', algorithm), 'k1');
  expect(hash.toString('base64url')).toBe(expected);
});

test('a sealed secret key', () => {
  const value = 'Ra3msRdkOfFRNTL1NXaz5t3-GISzzZOMQH4g-tha_aiLNw';
  expect(keys.open({ masterKeyId: 'k1', value }, id)).toBe('secret');
});

test('a sealed page token', () => {
  const sealed = 'quUK_kh_fCBZaLpInQaXe1o4H3nAUGNUlqofdxRHzfaU';
  expect(keys.openPlace(sealed, 'context')).toBe('place');
  expect(keys.openPlace(sealed, 'other')).toBeUndefined();
  const renewed = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }, ...list]);
  expect(renewed.openPlace(sealed, 'context')).toBe('place');
});

test('the MAC of a record, and the check value of a master key', () => {
  const seal = createRecordSeal(list);
  expect(seal.sign('name', 'text')).toBe('k1 OlSdF7R6btWBTEOxPdqCXA');
  expect(seal.keyChecks.get('k1')).toBe('eoWcOeFl2XqifRPFoTBGMw');
});

test('the name of a JWT without jti: the SHA-256 of what is signed, in base64url', () => {
  expect(jwtDigest('header.payload.signature')).toBe('4_68V_O9SLSN8UsnH5kFqyV0IithWudmqptgbzg6SpM');
  expect(jwtDigest('header.payload')).toBe(jwtDigest('header.payload.other'));
  expect(nameByDigest('digest')).toBe('\0digest\0digest');
});

test('the name of a subject in counts of limits', () => {
  expect(keys.subjectDigests(id, 'ann')).toEqual(['jNnbFXA8YkMCXB7oILCsgE']);
});

test('the hashes of a revoked name: keyed, and as versions before wrote them', () => {
  const value =
    'xkvpyI31_6cI9VQhxyShL_0qV98kdUIKwiW4UqJ4n6IInv85TaqbZVJL5NbjYyyVE325tJ2HwqAX0DAtyhUrKqO1Z8Qn4Zw';
  const key = { masterKeyId: 'k1', value };
  expect(keys.open(key, hashKeyContext(id))).toHaveLength(43);
  expect(claimHashes(keys, { id, revokedJwts: { key } }, 'ann')).toEqual([
    'mURLNwUtuv1rH__khJHrVj',
    'DhFBItLcp_PEbKZ87KKXHU',
  ]);
  expect(claimHashes(keys, { id }, 'ann')).toEqual(['DhFBItLcp_PEbKZ87KKXHU']);
});

test('a static token of a UUID and 32 bytes', () => {
  const token = makeStaticToken(id, new Uint8Array(32).fill(7));
  expect(token).toBe(
    'ush_02tcRIyrxLXTR81B3dqdOx_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF12TYETk',
  );
  expect(parseStaticToken(token)).toBe(id);
});
