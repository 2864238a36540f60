/** Equal headers of one batch share a proof; later ones do not, since the record may have changed. */

import { expect, test } from 'vitest';
import type { Found } from '../../src/store/store.ts';
import { nowMs, staticRecord, verifierOver } from './setup.ts';

function countedReader() {
  const { record, token } = staticRecord();
  const held = { record, reads: 0 };
  const find = async (): Promise<Found> => {
    held.reads++;
    return { record: held.record, stale: false };
  };
  const verify = verifierOver({ find, isCurrent: () => false });
  return { held, token, verify };
}

test('a batch of equal headers reads the record once, and each gets its own verdict', async () => {
  const { held, token, verify } = countedReader();
  const asked = Array.from({ length: 250 }, (_, n) =>
    verify({ header: token, requiredScopes: n % 2 === 0 ? [] : ['missing'] }),
  );
  const verdicts = await Promise.all(asked);
  expect(held.reads).toBe(1);
  verdicts.forEach((verdict, n) => {
    expect(verdict).toMatchObject(
      n % 2 === 0 ? { valid: true } : { valid: false, reason: 'INSUFFICIENT_SCOPE' },
    );
  });
});

test('a question that comes while the record is read gets a read of its own', async () => {
  const { held, token, verify } = countedReader();
  const first = verify({ header: token });
  await null;
  held.record = { ...held.record, revokedAt: nowMs };
  const second = await verify({ header: token });
  expect(held.reads).toBe(2);
  expect(second).toMatchObject({ valid: false, reason: 'REVOKED' });
  await first;
});

test('different headers of a batch share nothing', async () => {
  const { held, token, verify } = countedReader();
  const headers = [token, `Bearer ${token}x`, 'garbage'];
  const verdicts = await Promise.all(headers.map(header => verify({ header })));
  expect(verdicts.map(({ valid }) => valid)).toEqual([true, false, false]);
  expect(held.reads).toBe(1);
});
