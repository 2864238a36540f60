/** Who may see the state of the store, and accept one that lost data. */

import { expect, test } from 'vitest';
import type { AcceptedBy, LostChange, StoreStatus } from '../../src/store/status.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { createOversight } from '../../src/tokens/oversight.ts';
import { admin, adminOf, expectRefused, reader } from './setup.ts';

const healthy: StoreStatus = { replica: 'a', lost: [], replicas: [] };
const lost: LostChange = {
  ...{ sequence: 1, time: 1, action: 'token.create', tokenId: 'x', isPutBack: false },
};

function oversightOf(status: StoreStatus) {
  const accepted: AcceptedBy[] = [];
  const oversight = createOversight({
    storeStatus: async () => status,
    acceptStore: async by => void accepted.push(by),
  });
  return { oversight, accepted };
}

test('readers see the state, unless they have an owner', async () => {
  const { oversight } = oversightOf(healthy);
  expect(await oversight.status(reader)).toBe(healthy);
  await expectRefused(
    oversight.status(adminOf('ann')),
    'PERMISSION_DENIED',
    'callers limited to owners may not see the state of the store',
  );
  await expectRefused(oversight.status({ ...reader, scopes: [] }), 'PERMISSION_DENIED', 'read');
});

test.each<[string, StoreStatus]>([
  ['with a problem', { ...healthy, problem: 'rolled back' }],
  ['that lost a change', { ...healthy, lost: [lost] }],
])('the admin token accepts a store %s, and is named', async (_, status) => {
  const { oversight, accepted } = oversightOf(status);
  await oversight.accept({ ...admin, peer: '192.0.2.1' });
  expect(accepted).toEqual([{ actor: 'admin', peer: '192.0.2.1' }]);
});

test('a healthy store cannot be accepted', async () => {
  const { oversight, accepted } = oversightOf(healthy);
  await expectRefused(
    oversight.accept(admin),
    'FAILED_PRECONDITION',
    'nothing is wrong with the store',
  );
  expect(accepted).toEqual([]);
});

test('a token of the store may not accept it, whatever its rights', async () => {
  const { oversight, accepted } = oversightOf({ ...healthy, problem: 'rolled back' });
  const other: Caller = { ...admin, actor: '01890a5d-ac96-774b-bcce-b302099a8057' };
  await expectRefused(
    oversight.accept(other),
    'PERMISSION_DENIED',
    'only the admin token of the configuration (USHER_ADMIN_TOKEN) may accept a store',
  );
  expect(accepted).toEqual([]);
});
