/** Records with a MAC: what is not as Usher wrote it is unavailable, never another record. */

import { describe, expect, test } from 'vitest';
import { encodeRecord } from '../../../src/store/format/record.ts';
import {
  documentName,
  hasMac,
  isSealed,
  macKeyId,
  sealedRecords,
  signText,
} from '../../../src/store/format/sealed.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { createRecordSeal } from '../../../src/verify/record-seal.ts';
import { testSeal } from '../../seal.ts';
import { creation, revocation } from '../changes.ts';

const reports: [id: string, why: string, advice?: string][] = [];
const sealed = sealedRecords(testSeal, (id, why, advice) => {
  reports.push(advice === undefined ? [id, why] : [id, why, advice]);
});
const { record } = revocation(creation({ metadata: { mac: 'k1 x' } }).record);
const text = sealed.encode(record);

test('a record is read back unchanged, and its MAC is the last member', () => {
  expect(sealed.decode(record.id, text, false)).toEqual(record);
  expect(JSON.parse(text).mac).toMatch(/^k1 [\w-]{22}$/);
  expect([hasMac(text), macKeyId(text)]).toEqual([true, 'k1']);
  expect(isSealed(testSeal, record.id, text)).toBe(true);
});

test('with any bit flipped it is unavailable, and reported', () => {
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const bent = Buffer.from(bytes);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const flipped = bent.toString('utf8');
    // Base64url has characters whose last bits mean nothing.
    const isSpelling = isSealed(testSeal, record.id, flipped);
    if (isSpelling) expect(sealed.decode(record.id, flipped, false)).toEqual(record);
    else expect(() => sealed.decode(record.id, flipped, false)).toThrow(Unavailable);
  }
  expect(reports.at(-1)).toEqual([
    record.id,
    `the record of ${record.id} is not as Usher wrote it`,
  ]);
});

describe('what a newer version wrote', () => {
  const newer = (name: string, body: object) => signText(testSeal, name, JSON.stringify(body));

  test('is unavailable where it needs what this version does not know, and the report says so', () => {
    const body = JSON.parse(encodeRecord(record));
    const needing = newer(record.id, { ...body, hours: '9-17', needs: ['hours'] });
    expect(() => sealed.decode(record.id, needing, false)).toThrow(Unavailable);
    expect(reports.at(-1)).toEqual([
      record.id,
      `the record of ${record.id} needs a newer Usher, which knows "hours"`,
      'start a version that does, as the other servers have',
    ]);
    const person = { rev: 1, change: 'c', body: { name: 'Ann' }, needs: ['until noon'] };
    const name = documentName('people', 'ann');
    expect(() => sealed.decodeDocument('people', 'ann', newer(name, person))).toThrow(Unavailable);
    expect(reports.at(-1)?.[1]).toBe(
      'the document people/ann needs a newer Usher, which knows "until noon"',
    );
  });

  test('is used where it only adds to what is known, and is kept by a change', () => {
    const added = newer(record.id, { ...JSON.parse(encodeRecord(record)), colour: 'red' });
    const read = sealed.decode(record.id, added, false);
    const changed = sealed.encode({ ...read, revision: read.revision + 1 });
    expect(JSON.parse(changed)).toMatchObject({ rev: read.revision + 1, colour: 'red' });
  });
});

test('moved to another id it is unavailable', () => {
  expect(() => sealed.decode('another', text, true)).toThrow(Unavailable);
});

test('without a MAC it is read only where an earlier version may have written it', () => {
  const unsigned = encodeRecord(record);
  expect(sealed.decode(record.id, unsigned, true)).toEqual(record);
  expect(() => sealed.decode(record.id, unsigned, false)).toThrow(Unavailable);
  // An earlier version keeps the MAC of the record that it changed, in the middle.
  const changed = unsigned.replace('"created"', '"mac":"k1 AAAAAAAAAAAAAAAAAAAAAA","created"');
  expect(sealed.decode(record.id, changed, true)).toEqual(record);
});

test('under a master key that is not listed it is unavailable, and the report names the key', () => {
  const other = createRecordSeal([{ id: 'k0', bytes: new Uint8Array(32) }]);
  const theirs = sealedRecords(other, () => undefined).encode(record);
  expect(() => sealed.decode(record.id, theirs, true)).toThrow(Unavailable);
  expect(reports.at(-1)?.[1]).toContain('is signed under master key k0, which');
});
