/** The tokens that the verifier of these targets knows; the same in each run, as a corpus needs. */

import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { importedHash } from '../../../src/verify/master-keys.ts';
import { makeStaticToken } from '../../../src/verify/static-token.ts';
import { jwtRecord, keys, staticRecord } from '../../verify/setup.ts';

/** The access token whose JWTs `secretKey` signs. */
export const jwtId = '0199a0de-0000-7000-8000-00000000000a';
const staticId = '0199a0de-0000-7000-8000-00000000000b';
/** The access token that the imported tokens are of. */
export const importedId = '0199a0de-0000-7000-8000-00000000000c';

/** A static token of Usher. */
export const ownToken = makeStaticToken(staticId, new Uint8Array(32).fill(7));

/** Tokens of another system that were imported. */
export const importedTokens = [
  'sk_live_0123456789abcdef',
  'Token 0123456789 abc',
  'a.b.c0123456789',
];

const secretOf = (value: Buffer) => ({
  masterKeyId: 'k1',
  value: value.toString('base64url'),
  createdAt: 1,
});

/** Their records. */
export const knownRecords: AccessTokenRecord[] = [
  jwtRecord({ id: jwtId, audiences: ['api', 'web'] }),
  staticRecord({ id: staticId, secrets: [secretOf(keys.hash(ownToken, 'k1'))] }).record,
  staticRecord({
    id: importedId,
    secrets: importedTokens.map(token => ({
      ...secretOf(keys.hashImported(importedHash(token, 'sha256'), 'k1')),
      hashed: 'sha256' as const,
    })),
  }).record,
];
