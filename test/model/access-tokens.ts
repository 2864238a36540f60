/** Access tokens with their credentials for the model, created once and used by every schedule. */

import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createProve } from '../../src/verify/prove.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { jwtRecord, keys, now, secretKey, sign, staticRecord } from '../verify/setup.ts';

/** An access token and its credentials. */
export interface Made {
  record: AccessTokenRecord;
  headers: { header: string; jti?: string }[];
  /** The secret after a rotation, and a header with it. */
  next: { value: string; header: string };
}

/** Creates `count` access tokens, of both kinds in turn. */
export function makeAccessTokens(count: number): Made[] {
  return Array.from({ length: count }, (_, at) => (at % 3 === 2 ? makeJwt() : makeStatic()));
}

function makeStatic(): Made {
  const { record, token } = staticRecord();
  const header = makeStaticToken(record.id);
  const value = keys.hash(header, 'k1').toString('base64url');
  return { record, headers: [{ header: token }], next: { value, header } };
}

const nextSecretKey = secretKey.replace('0123', '9876');

function makeJwt(): Made {
  const record = jwtRecord();
  const bearer = (jti: string, key: string) =>
    `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp: now + 1e6, iat: now - 9e5, jti }, key)}`;
  return {
    record,
    headers: ['one', 'two'].map(jti => ({ header: bearer(jti, secretKey), jti })),
    next: {
      value: keys.seal(nextSecretKey, record.id).value,
      header: bearer('next', nextSecretKey),
    },
  };
}

/** The proof that a server has. */
export const prove = createProve(keys, 100);
