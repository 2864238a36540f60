/** Access tokens with their credentials for the model, made once and used by every schedule. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createProve, type Prove } from '../../src/verify/prove.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { jwtRecord, keys, now, secretKey, sign, staticRecord } from '../verify/setup.ts';

/** An access token as it is made, and what it is used with. */
export interface Made {
  record: AccessTokenRecord;
  headers: { header: string; jti?: string }[];
  /** What a rotation replaces it with. */
  next: { value: string; header: string };
}

/** Makes so many, of both kinds in turn. */
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

const prove = createProve(keys);

/** The real proof of static tokens; of JWTs one without threads, whose order chance would decide. */
export const proveInOrder: Prove = async (credential, record, at) => {
  if (credential.kind === 'static') return await prove(credential, record, at);
  if (record?.kind !== 'jwt') return undefined;
  const { token } = credential.jwt;
  const input = token.slice(0, token.lastIndexOf('.'));
  const signature = Buffer.from(token.slice(input.length + 1), 'base64url');
  return record.secrets
    .filter(({ goodUntil }) => goodUntil === undefined || goodUntil > at)
    .find(secret => {
      const key = keys.open(secret, record.id);
      return timingSafeEqual(createHmac('sha256', key).update(input).digest(), signature);
    });
};
