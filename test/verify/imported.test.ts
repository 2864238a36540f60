/** Imported tokens against a model: exactly the imported tokens are valid, with any hash. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImportedHash } from '../../src/store/record.ts';
import { Unavailable } from '../../src/store/store.ts';
import { isStaticToken } from '../../src/verify/credential.ts';
import {
  createFindImported,
  findByHash,
  importedDigest,
  readForm,
  writeForm,
} from '../../src/verify/imported.ts';
import { createMasterKeys, importedHash } from '../../src/verify/master-keys.ts';
import { createProofCache } from '../../src/verify/proof-cache.ts';
import { createProve } from '../../src/verify/prove.ts';
import { createVerify } from '../../src/verify/verify.ts';
import { unlimited } from '../limiting/setup.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { keys, nowMs, staticRecord } from './setup.ts';

/** Records and an index that hold these tokens, each by one of its hashes. */
function worldOf(imported: { token: string; hash: ImportedHash }[], masterKeys = keys) {
  const entries = imported.map(({ token, hash }) => {
    const digest = importedDigest(keys, importedHash(token, hash), 'k1');
    const secret = { masterKeyId: 'k1', value: digest, hashed: hash, createdAt: 1 };
    return { digest, record: staticRecord({ secrets: [secret] }).record };
  });
  const index = new Map(entries.map(({ digest, record }) => [digest, record.id]));
  const records = new Map(entries.map(({ record }) => [record.id, record]));
  const forms = new Set(imported.map(({ hash }) => writeForm({ hash, masterKeyId: 'k1' })));
  const asked: string[] = [];
  const findImported = createFindImported(
    {
      importedForms: () => [...forms],
      findImported(digest) {
        asked.push(digest);
        return index.get(digest);
      },
    },
    masterKeys,
  );
  const verify = createVerify({
    records: {
      find: id => ({ record: records.get(id), stale: false }),
      isCurrent: () => false,
    },
    ...{
      keys: masterKeys,
      findImported,
      prove: createProve(masterKeys, roomy),
      proofs: createProofCache(roomy),
      tokenLimits: unlimited,
    },
    ...{ now: () => nowMs, limits: defaultLimits.verify },
  });
  return { verify, asked };
}

const visible = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(code => String.fromCharCode(code)) })
  .filter(token => isStaticToken(token, defaultLimits.verify));
const importedTokens = fc.uniqueArray(
  fc.record({ token: visible, hash: fc.constantFrom<ImportedHash>('sha256', 'sha512') }),
  { maxLength: 4, selector: ({ token }) => token },
);

test('valid is what was imported, and nothing else', async () => {
  let valid = 0;
  await fc.assert(
    fc.asyncProperty(importedTokens, visible, fc.nat(), fc.nat(3), async (held, other, at, cut) => {
      const { verify } = worldOf(held);
      const tokens = held.map(({ token }) => token);
      const [first = 'x'] = tokens;
      const place = at % (first.length + 1);
      const bent = first.slice(0, place) + other.slice(0, 1) + first.slice(place + cut);
      for (const asked of [...tokens, other, bent, first.toUpperCase()]) {
        for (const header of [asked, `Bearer ${asked}`]) {
          const verdict = await verify({ header });
          expect(verdict.valid).toBe(tokens.includes(asked));
          if (verdict.valid) valid += 1;
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(valid).toBeGreaterThan(100);
});

test('a token is looked for once per hash and master key in use', async () => {
  const none = worldOf([]);
  await none.verify({ header: 'garbage' });
  expect(none.asked).toEqual([]);
  const both = worldOf([
    { token: 'a', hash: 'sha256' },
    { token: 'b', hash: 'sha512' },
    { token: 'c', hash: 'sha512' },
  ]);
  for (const header of ['a', 'b', 'Bearer c']) {
    expect(await both.verify({ header })).toMatchObject({ valid: true });
  }
  both.asked.length = 0;
  await both.verify({ header: 'garbage' });
  expect(both.asked).toHaveLength(2);
});

test('what has the form of a JWT or of Usher’s own is never looked for', async () => {
  const { verify, asked } = worldOf([{ token: 'a', hash: 'sha256' }]);
  for (const header of ['Bearer e30.b.c', 'ush_x', staticRecord().token, 'a, b', '"a"', '']) {
    expect((await verify({ header })).valid).toBe(false);
  }
  expect(asked).toEqual([]);
});

test('a token whose length no imported one has is not looked for', async () => {
  const asked: string[] = [];
  const forms = ['sha256/k1/3', 'sha512/k1/*'];
  const find = createFindImported(
    { importedForms: () => forms, findImported: digest => void asked.push(digest) },
    keys,
  );
  await find('abc');
  expect(asked.splice(0)).toHaveLength(2);
  await find('abcd');
  expect(asked).toHaveLength(1);
});

test('what is found tells its access token and where it stands', async () => {
  const digest = importedDigest(keys, importedHash('a', 'sha256'), 'k1');
  const index = { findImported: (some: string) => (some === digest ? 'id' : undefined) };
  const forms = (['sha512', 'sha256'] as const).map(hash => ({ hash, masterKeyId: 'k1' }));
  const find = (token: string) => findByHash(index, keys, forms, hash => importedHash(token, hash));
  expect(await find('a')).toEqual({ digest, tokenId: 'id' });
  expect(await find('b')).toBeUndefined();
});

test('of two master keys one may be unlisted: what the other finds is good', async () => {
  const digest = importedDigest(keys, importedHash('a', 'sha256'), 'k1');
  const asked: string[] = [];
  const find = createFindImported(
    {
      importedForms: () => ['sha256/gone/*', 'sha256/k1/*'],
      findImported(some) {
        asked.push(some);
        return some === digest ? 'id' : undefined;
      },
    },
    keys,
  );
  expect(await find('a')).toBe('id');
  expect(asked).toEqual([digest]);
  await expect(find('b')).rejects.toMatchObject({ cause: 'master key gone is not listed' });
});

test('with an unlisted master key, no such token gets a verdict', async () => {
  const other = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
  const { verify } = worldOf([{ token: 'a', hash: 'sha256' }], other);
  await expect(verify({ header: 'a' })).rejects.toBeInstanceOf(Unavailable);
});

test('a token that is known only by a hash of another kind is not found', async () => {
  const asked: string[] = [];
  const index = { findImported: (digest: string) => void asked.push(digest) };
  const forms = [{ hash: 'sha512' as const, masterKeyId: 'k1' }];
  expect(await findByHash(index, keys, forms, () => undefined)).toBeUndefined();
  expect(asked).toEqual([]);
});

test('a form is read as it was written', () => {
  for (const form of [
    { hash: 'sha256' as const, masterKeyId: 'k_1-a' },
    { hash: 'sha512' as const, masterKeyId: 'k1', length: 40 },
  ]) {
    expect(readForm(writeForm(form))).toEqual(form);
  }
});
