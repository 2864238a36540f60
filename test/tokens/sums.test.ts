/** Sums for the audit log: what strangers do adds few entries, and what is counted is not lost. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Happening } from '../../src/tokens/audit.ts';
import { fixedSumLimits } from '../../src/tokens/limits.ts';
import { sourceOf } from '../../src/tokens/source.ts';
import { createSums } from '../../src/tokens/sums.ts';

const minute = fixedSumLimits.sumMs;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function counted(limits = {}) {
  const entries: Happening[] = [];
  const store = { isDown: false };
  const failures: unknown[] = [];
  const sums = createSums({
    audit: {
      async note(happening) {
        if (store.isDown) throw new Error('down');
        entries.push(happening);
      },
    },
    limits: { ...fixedSumLimits, kindsMax: 64, ...limits },
    onFailure: error => void failures.push(error),
  });
  const refuse = (peer: string, detail = 'List: missing', actor = '') =>
    sums.refused({ actor, peer, detail });
  const pass = () => vi.advanceTimersByTimeAsync(minute);
  const details = () => entries.map(({ peer, detail }) => `${peer} ${detail}`);
  return { sums, entries, store, failures, refuse, pass, details };
}

describe('refused calls', () => {
  test('the first is an entry at once, the others are one at the end of the minute', async () => {
    const { refuse, pass, details, entries } = counted();
    for (let n = 0; n < 500; n++) await refuse('192.0.2.1');
    expect(details()).toEqual(['192.0.2.1 List: missing']);
    await pass();
    expect(details()).toEqual([
      '192.0.2.1 List: missing',
      '192.0.2.1 List: missing: 499 more in a minute',
    ]);
    expect(new Set(entries.map(({ action }) => action))).toEqual(new Set(['call.refused']));
  });
  test('while they go on there is one entry a minute, and after a quiet one the next is told', async () => {
    const { refuse, pass, details } = counted();
    for (let n = 0; n < 3; n++) {
      await refuse('192.0.2.1');
      await refuse('192.0.2.1');
      await pass();
    }
    expect(details().map(text => text.replace(/.*missing/, ''))).toEqual([
      '',
      ': 1 more in a minute',
      ': 2 more in a minute',
      ': 2 more in a minute',
    ]);
    await pass();
    await pass();
    await refuse('192.0.2.1');
    expect(details().at(-1)).toBe('192.0.2.1 List: missing');
  });
  test('sources, callers, methods and reasons are told apart; the hosts of a /64 are not', async () => {
    const { refuse, pass, details } = counted();
    await refuse('192.0.2.1');
    await refuse('192.0.2.2');
    await refuse('192.0.2.1', 'Get: missing');
    await refuse('192.0.2.1', 'Get: missing', 'someone');
    expect(details()).toHaveLength(4);
    await refuse('2001:db8::1');
    await refuse('2001:db8::2');
    await pass();
    expect(details().slice(4)).toEqual([
      '2001:db8::1 List: missing',
      '2001:db8:0:0::/64 List: missing: 1 more in a minute',
    ]);
  });
  test('a source cannot take all the room, and all sources together add a bounded number', async () => {
    const { refuse, pass, details } = counted({ kindsMax: 20 });
    for (let n = 0; n < 1000; n++) await refuse('192.0.2.1', `reason ${n}`);
    expect(details()).toHaveLength(fixedSumLimits.kindsPerOriginMax);
    await refuse('192.0.2.2');
    expect(details().at(-1)).toBe('192.0.2.2 List: missing');
    for (let n = 0; n < 1000; n++) await refuse(`10.0.${n >> 8}.${n & 255}`);
    expect(details()).toHaveLength(19);
    await pass();
    expect(details().slice(19)).toEqual([
      ' refused calls of other sources and kinds: 1982 more in a minute',
    ]);
  });
  test('a stranger adds at most 549 entries an hour from one source', async () => {
    const { refuse, pass, entries } = counted();
    for (let minutes = 0; minutes < 60; minutes++) {
      for (let n = 0; n < 40; n++) await refuse('192.0.2.1', `reason ${n % 20}`);
      await pass();
    }
    expect(entries.length).toBeLessThanOrEqual(549);
    expect(entries.length).toBeGreaterThan(540);
  });
  test('counts outlive a store that is down', async () => {
    const { refuse, pass, details, store, failures } = counted();
    store.isDown = true;
    await refuse('192.0.2.1');
    await refuse('192.0.2.1');
    await pass();
    expect(details()).toEqual([]);
    expect(failures).toHaveLength(2);
    store.isDown = false;
    await pass();
    expect(details()).toEqual(['192.0.2.1 List: missing: 2 more in a minute']);
  });
  test('a stop writes what is left', async () => {
    const { refuse, sums, details } = counted();
    await refuse('192.0.2.1');
    await refuse('192.0.2.1');
    await sums.close();
    expect(details().at(-1)).toBe('192.0.2.1 List: missing: 1 more in a minute');
    expect(vi.getTimerCount()).toBe(0);
  });
});

const idOf = (n: number) => `0198c0de-0000-7000-8000-00000000000${n}`;

describe('signed JWTs', () => {
  const caller = { actor: idOf(1), name: 'ann', peer: '192.0.2.1' };
  test('are one entry a minute for each caller and access token', async () => {
    const { sums, pass, entries } = counted();
    for (let n = 0; n < 1000; n++) sums.issued(caller, { id: `t${n % 2}`, name: `token ${n % 2}` });
    expect(entries).toEqual([]);
    await pass();
    const by = { actor: caller.actor, actorName: 'ann', peer: caller.peer };
    const entry = { action: 'jwt.issue', ...by, detail: '500 in a minute' };
    expect(entries).toEqual([
      { ...entry, tokenId: 't0', tokenName: 'token 0' },
      { ...entry, tokenId: 't1', tokenName: 'token 1' },
    ]);
    await pass();
    expect(entries).toHaveLength(2);
  });
  test('of too many access tokens are written before the minute ends', async () => {
    const { sums, entries } = counted({ issuersMax: 3 });
    for (let n = 0; n < 4; n++) sums.issued(caller, { id: `t${n}`, name: '' });
    await sums.flush();
    expect(entries).toHaveLength(4);
  });
  test('of ever more access tokens take no more memory while the store takes no entry', async () => {
    const { sums, entries, store, failures } = counted({ issuersMax: 3 });
    store.isDown = true;
    for (let n = 0; n < 100; n++) sums.issued(caller, { id: `t${n}`, name: '' });
    await sums.flush();
    // Twice: early, when there were more than three, and now.
    expect(failures).toHaveLength(2 * 7);
    store.isDown = false;
    await sums.flush();
    expect(entries.map(({ tokenId }) => tokenId)).toEqual([
      't0',
      't1',
      't2',
      't3',
      't4',
      't5',
      undefined,
    ]);
    expect(entries.at(-1)).toMatchObject({
      ...{ actor: '', peer: '' },
      detail: 'JWTs of other callers and access tokens: 94 in a minute',
    });
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['fe80::1%e:1:2', 'fe80:0:0:0::/64'],
  ['::5:6:7:192.0.2.7', '0:0:0:5::/64'],
  ['1:2:3::5:192.0.2.1', '1:2:3:0::/64'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['', ''],
  ['no address', ''],
])('the source of %j is %j', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});
