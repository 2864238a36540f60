/** The stored format of a record: lossless, and short enough for a million records in memory. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, storedEventId } from '../../../src/store/format/record.ts';
import type { AccessTokenRecord, Secret } from '../../../src/store/record.ts';

const record: AccessTokenRecord = {
  id: '018c0de0-0000-7000-8000-000000000001',
  revision: 1,
  kind: 'static',
  name: 'billing worker 18279',
  owner: 'team-9@example.com',
  scopes: ['orders:read', 'orders:write'],
  createdAt: 1_700_000_018_279,
  updatedAt: 1_700_000_018_279,
  secrets: [{ masterKeyId: 'k1', value: 'a'.repeat(43), createdAt: 1_700_000_018_279 }],
  eventId: '400231a2-e0f7-4926-869c-ad580a55b0de',
};

test('an ordinary record fits into an allocation of 256 bytes', () => {
  expect(encodeRecord(record)).toBe(
    '{"rev":1,"kind":"static","name":"billing worker 18279","owner":"team-9@example.com",' +
      '"scopes":["orders:read","orders:write"],"created":1700000018279,' +
      `"event":"QAIxouD3SSaGnK1YClWw3g","secrets":["k1 ${'a'.repeat(43)}"]}`,
  );
  expect(Buffer.byteLength(encodeRecord(record))).toBeLessThanOrEqual(252);
});

test('any record is read back unchanged', () => {
  const time = fc.integer({ min: 1, max: 3 });
  const secret: fc.Arbitrary<Secret> = fc.record(
    {
      masterKeyId: fc.constantFrom('k1', 'k 2', ''),
      value: fc.string(),
      createdAt: time,
      goodUntil: time,
      hashed: fc.constantFrom('sha256', 'sha512'),
    },
    { requiredKeys: ['masterKeyId', 'value', 'createdAt'] },
  );
  const any: fc.Arbitrary<AccessTokenRecord> = fc.record(
    {
      id: fc.uuid(),
      revision: fc.nat(),
      kind: fc.constantFrom('static', 'jwt'),
      name: fc.string(),
      owner: fc.string(),
      scopes: fc.array(fc.string()),
      metadata: fc.constant({ rev: 1, created: [null] }),
      createdAt: time,
      updatedAt: time,
      expiresAt: time,
      revokedAt: time,
      revokeReason: fc.string(),
      secrets: fc.array(secret),
      imported: fc.constant('plain' as const),
      eventId: fc.oneof(fc.uuid(), fc.constantFrom('e', '')),
    },
    {
      requiredKeys: [
        ...(['id', 'revision', 'kind', 'name', 'scopes', 'createdAt'] as const),
        ...(['updatedAt', 'secrets', 'eventId'] as const),
      ],
    },
  );
  fc.assert(
    fc.property(any, given => {
      expect(decodeRecord(given.id, encodeRecord(given))).toEqual(given);
    }),
  );
});

test('bytes that are not a record are refused', () => {
  for (const text of ['', 'null', '{}', '{"rev":1}', '[]', '"a"']) {
    expect(() => decodeRecord('a', text)).toThrow();
  }
});

test('an event id is stored in 22 characters', () => {
  expect(storedEventId(record.eventId)).toBe('QAIxouD3SSaGnK1YClWw3g');
});
