/** Who may see and change the master keys and the level of the log, and what the audit log says of it. */

import { describe, expect, test } from 'vitest';
import type { Happening } from '../../src/tokens/audit.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { createKeyCustody, type KeysStatus } from '../../src/tokens/key-custody.ts';
import { createLogCustody } from '../../src/tokens/log-custody.ts';
import { admin, adminOf, expectRefused, openOffice, reader } from './setup.ts';

const { keys } = openOffice();
const by = { actor: 'admin', peer: '127.0.0.1' };

/** Custody of both, and what it did, in order. */
function openCustody() {
  const did: (string | Happening)[] = [];
  const status: KeysStatus = {
    ...{ source: 'the file keys', replicas: [], waitsFor: [] },
    keys: ['k2', 'k1'].map(id => ({ id, writes: id === 'k2', isListed: true })),
  };
  const audit = { add: async (happening: Happening) => void did.push(happening) };
  const keeper = {
    status: async () => status,
    reload: async () => void did.push('reload'),
    rotate: async () => {
      did.push('rotate');
      return 'k2';
    },
    remove: async (id: string) => void did.push(`remove ${id}`),
  };
  const counted: string[] = [];
  const count = async (place: string) => {
    counted.push(place);
    const next = place === '' ? { next: 'records:b' } : {};
    return { examined: 1, uses: [], ...next };
  };
  let level = 'info';
  const levels = {
    ...{ all: ['debug', 'info'], configured: 'info', current: () => level },
    change: async (to: string) => {
      did.push(`level ${to}`);
      level = to;
      return ['worker 2'];
    },
  };
  const custody = createKeyCustody(keeper, count, keys, audit);
  return { did, status, counted, custody, log: createLogCustody(levels, audit) };
}

describe('the master keys', () => {
  test('are shown to readers', async () => {
    const { custody, status, did } = openCustody();
    expect(await custody.status(reader)).toBe(status);
    expect(did).toEqual([]);
  });
  test('are read again, and the audit log says which', async () => {
    const { custody, status, did } = openCustody();
    expect(await custody.reload(admin)).toBe(status);
    expect(did).toEqual(['reload', { action: 'keys.reload', ...by, detail: 'k2, k1' }]);
  });
  test('are rotated, and the audit log says where the new one is', async () => {
    const { custody, status, did } = openCustody();
    expect(await custody.rotate(admin)).toEqual({ newId: 'k2', status });
    const detail = 'k2 is first in the file keys';
    expect(did).toEqual(['rotate', { action: 'keys.rotate', ...by, detail }]);
  });
  test('are removed by their id, and the audit log says from where', async () => {
    const { custody, status, did } = openCustody();
    await expectRefused(custody.remove(admin, ''), 'INVALID_ARGUMENT', 'id: is required');
    expect(await custody.remove(admin, 'k1')).toBe(status);
    const detail = 'k1 from the file keys';
    expect(did).toEqual(['remove k1', { action: 'keys.remove', ...by, detail }]);
  });
  test('are counted page by page', async () => {
    const { custody, counted } = openCustody();
    const { nextPageToken, ...first } = await custody.count(admin, '');
    expect(first).toEqual({ examined: 1, uses: [] });
    expect((await custody.count(admin, nextPageToken)).nextPageToken).toBe('');
    expect(counted).toEqual(['', 'records:b']);
    const call = custody.count(admin, 'x');
    await expectRefused(call, 'INVALID_ARGUMENT', /^page_token: .* that CountKeyUse gave/);
  });

  type Call = (custody: ReturnType<typeof openCustody>['custody'], caller: Caller) => unknown;
  test.each<[string, Call]>([
    ['see the master keys', (custody, caller) => custody.status(caller)],
    ['reload the master keys', (custody, caller) => custody.reload(caller)],
    ['rotate the master keys', (custody, caller) => custody.rotate(caller)],
    ['remove master keys', (custody, caller) => custody.remove(caller, 'k1')],
    ['count the uses of master keys', (custody, caller) => custody.count(caller, '')],
  ])('an owner’s administrator, and who lacks the scope, may not %s', async (what, call) => {
    const { custody, did } = openCustody();
    const ask = async (caller: Caller) => call(custody, caller);
    const problem = `callers limited to owners may not ${what}`;
    await expectRefused(ask(adminOf('ann')), 'PERMISSION_DENIED', problem);
    const scopes = what.startsWith('see') ? ['usher.audit.read'] : reader.scopes;
    await expectRefused(ask({ ...reader, scopes }), 'PERMISSION_DENIED', /lacks the scope/);
    expect(did).toEqual([]);
  });
});

describe('the level of the log', () => {
  test('is changed once the audit log has noted it', async () => {
    const { log, did } = openCustody();
    const changed = await log.change(admin, 'debug');
    expect(changed).toEqual({ previous: 'info', waitsFor: ['worker 2'] });
    const detail = 'from info to debug';
    expect(did).toEqual([{ action: 'log.level', ...by, detail }, 'level debug']);
    expect(log.show(admin)).toEqual({ level: 'debug', configured: 'info' });
  });
  test('is one that there is', async () => {
    const { log, did } = openCustody();
    const call = log.change(admin, 'loud');
    await expectRefused(call, 'INVALID_ARGUMENT', /^level must be one of debug, info$/);
    await expect(log.change(admin, 'loud')).rejects.toMatchObject({
      violations: [{ field: 'level', description: 'must be one of debug, info' }],
    });
    expect(did).toEqual([]);
  });
  test('is shown to and changed by administrators of all owners alone', async () => {
    const { log, did } = openCustody();
    for (const caller of [adminOf('ann'), reader]) {
      await expectRefused(log.change(caller, 'debug'), 'PERMISSION_DENIED');
      await expectRefused(
        (async () => log.show(caller))(),
        'PERMISSION_DENIED',
        /lacks the scope|may not see the level of the log/,
      );
    }
    await expectRefused(
      log.change(adminOf('ann'), 'debug'),
      ...(['PERMISSION_DENIED', /may not change the level of the log/] as const),
    );
    expect(did).toEqual([]);
  });
});
