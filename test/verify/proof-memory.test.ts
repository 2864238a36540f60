/** What the cache of proven headers keeps in memory, and what it does not. */

import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createProofCache, type ProofCache } from '../../src/verify/proof-cache.ts';
import type { Verify } from '../../src/verify/verify.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { jwtRecord, now, nowMs, sign, staticRecord, verifierOver } from './setup.ts';

let records: Map<string, AccessTokenRecord>;
let isCurrent: boolean;
let reads: number;
let proofs: ProofCache;
let verify: Verify;

beforeEach(() => {
  records = new Map();
  isCurrent = true;
  reads = 0;
  create(roomy.bytesMax);
});

/** A store without a cache: each read decodes the record. */
function create(bytesMax: number) {
  proofs = createProofCache({ bytesMax, entriesMax: 1000 });
  const find = (id: string) => {
    reads++;
    const record = records.get(id);
    return { record: record && structuredClone(record), stale: false };
  };
  verify = verifierOver({ find, isCurrent: () => isCurrent }, () => nowMs, proofs);
}

const keep = (record: AccessTokenRecord) => {
  records.set(record.id, record);
  return record;
};
const change = ({ id }: AccessTokenRecord, fields: Partial<AccessTokenRecord>) => {
  const record = records.get(id) as AccessTokenRecord;
  keep({ ...record, ...fields, revision: record.revision + 1, eventId: randomUUID() });
  isCurrent = false;
};
const bearer = ({ id }: AccessTokenRecord, claims: Record<string, string | number> = {}) =>
  `Bearer ${sign({ alg: 'HS256', kid: id }, { exp: now + 60, ...claims })}`;
const told = async (header: string, asked = {}) => {
  const verdict = await verify({ header, ...asked });
  return verdict.valid ? 'valid' : verdict.reason;
};

describe('a JWT that is refused is not kept', () => {
  test.each<[string, Partial<AccessTokenRecord>, Record<string, number>, object]>([
    ['REVOKED', { revokedAt: 1 }, {}, {}],
    ['REVOKED', { revokedJwts: { issuedBefore: nowMs } }, {}, {}],
    ['EXPIRED', {}, { exp: now }, {}],
    ['NOT_YET_VALID', {}, { nbf: now + 61 }, {}],
    ['MALFORMED_CLAIM', { jwtLifetimeMaxSeconds: 1 }, {}, {}],
    ['WRONG_AUDIENCE', {}, {}, { audience: 'other' }],
    ['INSUFFICIENT_SCOPE', {}, {}, { requiredScopes: ['c'] }],
  ])('%s', async (reason, fields, claims, asked) => {
    const header = bearer(keep(jwtRecord(fields)), claims);
    expect(await told(header, asked)).toBe(reason);
    expect(await told(header, asked)).toBe(reason);
    expect(proofs.bytes).toBe(0);
  });

  test('also when it was good before', async () => {
    const record = keep(jwtRecord());
    const header = bearer(record);
    expect(await told(header)).toBe('valid');
    expect(proofs.bytes).toBeGreaterThan(0);
    change(record, { revokedAt: 1 });
    expect(await told(header)).toBe('REVOKED');
    expect(proofs.bytes).toBe(0);
  });

  test('nor one whose secret was rotated', async () => {
    const record = keep(jwtRecord());
    const header = bearer(record);
    expect(await told(header)).toBe('valid');
    change(record, { secrets: [] });
    expect(await told(header)).toBe('INVALID_TOKEN');
    expect(proofs.bytes).toBe(0);
  });
});

test('what is asked does not make a good JWT forgotten', async () => {
  const header = bearer(keep(jwtRecord()));
  expect(await told(header)).toBe('valid');
  expect(await told(header, { audience: 'other' })).toBe('WRONG_AUDIENCE');
  expect(await told(header)).toBe('valid');
  expect(reads).toBe(1);
});

describe('equal headers in different spelling are one entry', () => {
  test.each([
    ['a static token', () => `Bearer ${tokenOf()}`],
    ['a JWT', () => bearer(keep(jwtRecord()))],
  ])('%s', async (_, make) => {
    const header = make();
    const credential = header.slice('Bearer '.length);
    expect(await told(header)).toBe('valid');
    const { bytes } = proofs;
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      for (const blanks of [' ', '   ', '\t', ' \t \t']) {
        expect(await told(`${blanks}${scheme}${blanks}${credential}${blanks}`)).toBe('valid');
      }
    }
    expect([reads, proofs.bytes]).toEqual([1, bytes]);
  });

  test('a JWT without the scheme stays malformed', async () => {
    const header = bearer(keep(jwtRecord()));
    expect(await told(header)).toBe('valid');
    expect(await told(header.slice('Bearer '.length))).toBe('MALFORMED_CREDENTIALS');
    expect(await told(`Basic ${header}`)).toBe('MALFORMED_CREDENTIALS');
  });

  test('with blanks beyond the longest header it stays malformed', async () => {
    const header = bearer(keep(jwtRecord()));
    expect(await told(header)).toBe('valid');
    const blanks = ' '.repeat(defaultLimits.verify.headerBytesMax);
    expect(await told(`${blanks}${header}`)).toBe('MALFORMED_CREDENTIALS');
  });

  test('another spelling of the bytes of a JWT is no JWT', async () => {
    const header = bearer(keep(jwtRecord()));
    const last = header.at(-1) as string;
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const stray = letters[letters.indexOf(last) + 1] as string;
    expect(await told(header)).toBe('valid');
    expect(await told(header.slice(0, -1) + stray)).toBe('INVALID_TOKEN');
    for (const padded of [`${header}=`, header.replace('.', '=.')]) {
      expect(await told(padded)).toBe('INVALID_TOKEN');
    }
  });
});

function tokenOf(): string {
  const { record, token } = staticRecord();
  keep(record);
  return token;
}

describe('the headers of an access token share its record', () => {
  const ids = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`revoked-${n}`, 1]));

  test('so that it is in memory once', async () => {
    const record = keep(jwtRecord({ revokedJwts: { ids } }));
    await told(bearer(record));
    const { bytes } = proofs;
    for (let n = 0; n < 20; n++) expect(await told(bearer(record, { n }))).toBe('valid');
    expect(proofs.bytes).toBeLessThan(2 * bytes);
  });

  test('so that reading it again is enough for all', async () => {
    const record = keep(jwtRecord());
    const headers = Array.from({ length: 5 }, (_, n) => bearer(record, { n }));
    for (const header of headers) await told(header);
    reads = 0;
    isCurrent = false;
    await told(headers[0] as string);
    isCurrent = true;
    for (const header of headers) expect(await told(header)).toBe('valid');
    expect(reads).toBe(1);
  });

  test('and an earlier revision leaves memory with its headers', async () => {
    const record = keep(jwtRecord());
    for (let n = 0; n < 20; n++) await told(bearer(record, { n }));
    const { bytes } = proofs;
    for (let round = 0; round < 50; round++) {
      change(record, { name: `name ${round}` });
      for (let n = 0; n < 20; n += 4) await told(bearer(record, { n }));
    }
    expect(proofs.bytes).toBeLessThan(bytes);
  });
});

test('one access token cannot push out the headers of the others, nor fill the memory', async () => {
  const bytesMax = 400_000;
  create(bytesMax);
  const others = Array.from({ length: 20 }, () => bearer(keep(jwtRecord())));
  for (const header of others) await told(header);
  const record = keep(jwtRecord());
  const large = 'x'.repeat(3000);
  for (let n = 0; n < 200; n++) expect(await told(bearer(record, { n, large }))).toBe('valid');
  expect(proofs.bytes).toBeLessThanOrEqual(bytesMax);
  reads = 0;
  for (const header of others) expect(await told(header)).toBe('valid');
  expect(reads).toBe(0);
});
