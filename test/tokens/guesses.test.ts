/** Guessing is slowed by source; known good tokens never are. */

import { expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { adminScope } from '../../src/tokens/caller.ts';
import { TokenError } from '../../src/tokens/errors.ts';
import { createGuesses, type SlowedReason, slowedText } from '../../src/tokens/guesses.ts';
import { defaultLimits } from '../limits.ts';
import { admin, fields, openGuesses, openOffice } from './setup.ts';

const { tokens, authenticateBy, clock: wall } = openOffice();
const adminToken = 'the admin token of 32 characters or more!';
const [attacker, friend] = ['192.0.2.66', '192.0.2.1'];

/** An authentication with counts of its own. */
function door(some: Parameters<typeof openGuesses>[0] = {}) {
  const clock = { ms: 0 };
  const authenticate = authenticateBy(adminToken, openGuesses(some, clock));
  const ask = async (header: string, address = attacker) => {
    try {
      const caller = await authenticate(header, address);
      return 'reason' in caller ? caller.reason : caller.actor;
    } catch (error) {
      if (error instanceof TokenError) return `slowed ${error.retryAfterMs}`;
      throw error;
    }
  };
  const guess = async (times: number, address = attacker) => {
    for (let n = 0; n < times; n++) await ask(`Bearer guess-${n}`, address);
  };
  return { clock, ask, guess };
}

const good = async () => {
  const { record, secret } = await tokens.create(
    admin,
    'static',
    fields({ scopes: [adminScope], expiresAt: wall.ms + 3_600_000 }),
  );
  return { id: record.id, header: `Bearer ${secret}` };
};

test('past 100 wrong credentials in a minute a source is slowed, and no other one', async () => {
  const { clock, ask, guess } = door();
  const { id, header } = await good();
  await guess(99);
  expect(await ask('Bearer x')).toBe('INVALID_TOKEN');
  expect(await ask('Bearer y')).toMatch(/^slowed \d+$/);
  expect(await ask(header)).toMatch(/^slowed/);
  expect(await ask('Bearer y', friend)).toBe('INVALID_TOKEN');
  expect(await ask(header, friend)).toBe(id);
  clock.ms += 121_000;
  expect(await ask('Bearer y')).toBe('INVALID_TOKEN');
});

test('a wrong credential that is repeated counts once, and is slowed alone', async () => {
  const { clock, ask, guess } = door();
  const { id, header } = await good();
  for (let n = 0; n < 100; n++) expect(await ask('Bearer old')).toBe('INVALID_TOKEN');
  expect(await ask('Bearer old')).toMatch(/^slowed \d+$/);
  // With the scheme or without, it is the same one.
  expect(await ask('old')).toMatch(/^slowed/);
  expect(await ask('Bearer old', friend)).toBe('INVALID_TOKEN');
  // Not known to memory, and behind the same address.
  expect(await ask(header)).toBe(id);
  await guess(99);
  expect(await ask('Bearer x')).toMatch(/^slowed/);
  clock.ms += 121_000;
  expect(await ask('Bearer old')).toBe('INVALID_TOKEN');
});

test('it may try again when it was told to', async () => {
  const { clock, ask, guess } = door();
  await guess(100);
  const [, wait] = (await ask('Bearer y')).split(' ');
  clock.ms += Number(wait) - 5;
  expect(await ask('Bearer y')).toMatch(/^slowed/);
  clock.ms += 10;
  expect(await ask('Bearer y')).toBe('INVALID_TOKEN');
});

test('a token that memory knows is never slowed, so that one proxy serves attackers and users', async () => {
  const { ask, guess } = door();
  const { id, header } = await good();
  expect(await ask(header)).toBe(id);
  await guess(300);
  for (let n = 0; n < 50; n++) expect(await ask(header)).toBe(id);
  await tokens.revoke(admin, id, '');
  // Its record changed: it is looked up again, and the answer is the truth.
  expect(await ask(header)).toBe('REVOKED');
});

test('the admin token passes where it was used before, and is a guess elsewhere', async () => {
  const { ask, guess } = door();
  expect(await ask(adminToken, friend)).toBe('admin');
  await guess(100);
  await guess(100, friend);
  expect(await ask(adminToken, friend)).toBe('admin');
  expect(await ask(adminToken)).toMatch(/^slowed/);
});

test('what was proven and is refused is no guess, and neither is a call without a credential', async () => {
  const { ask } = door({ perMinuteMax: 3 });
  const { id, header } = await good();
  wall.ms += 3_600_000;
  for (let n = 0; n < 5; n++) expect(await ask(header)).toBe('EXPIRED');
  await tokens.revoke(admin, id, '');
  for (let n = 0; n < 5; n++) expect(await ask('')).toBe('MISSING_CREDENTIALS');
  for (let n = 0; n < 3; n++) expect(await ask(`Basic ${n}`)).toBe('MALFORMED_CREDENTIALS');
  expect(await ask('Bearer x')).toMatch(/^slowed/);
});

test('an IPv6 /64 is one source', async () => {
  const { ask } = door();
  for (let n = 0; n < 10; n++) await ask('Bearer same', `2001:db8:1:2::${n}`);
  for (let n = 0; n < 99; n++) await ask(`Bearer ${n}`, `2001:db8:1:2::${n.toString(16)}`);
  expect(await ask('Bearer x', '2001:db8:1:2:ffff::1')).toMatch(/^slowed/);
  expect(await ask('Bearer x', '2001:db8:1:3::1')).toBe('INVALID_TOKEN');
});

/** Guesses whose attempts the test answers itself. */
function slow(some: Partial<typeof defaultLimits.guesses> = {}) {
  const slowed: SlowedReason[] = [];
  let wrong = 0;
  const guesses = createGuesses({
    limits: { ...defaultLimits.guesses, ...some },
    monotonicMs: () => 0,
    onWrong: () => void wrong++,
    onSlowed: reason => void slowed.push(reason),
  });
  return { guesses, slowed, wrong: () => wrong };
}

test('attempts count before their answer: many at once get no further than one by one', () => {
  const { guesses, slowed, wrong } = slow({ perMinuteMax: 5, atOnceMax: 1000 });
  const begun = Array.from({ length: 5 }, () => guesses.begin(attacker));
  expect(() => guesses.begin(attacker)).toThrow(slowedText);
  begun.pop()?.end(false);
  const last = guesses.begin(attacker);
  for (const attempt of [...begun, last]) attempt.end(true);
  last.end(true);
  expect(() => guesses.begin(attacker)).toThrow(slowedText);
  expect([slowed, wrong()]).toEqual([['at-once', 'minute'], 5]);
});

test('attempts of a source at a time are capped, and those with one credential are one', async () => {
  const { guesses } = slow({ atOnceMax: 2 });
  const answers = new Map<string, (answer: string) => void>();
  let looks = 0;
  const attempt = async (credential: string, address = attacker) =>
    await guesses.attempt(
      address,
      credential,
      () => {
        looks++;
        return new Promise<string>(resolve => answers.set(credential, resolve));
      },
      answer => answer === 'wrong',
    );
  const same = Array.from({ length: 500 }, () => attempt('a'));
  const other = attempt('b');
  await expect(attempt('c')).rejects.toThrow(slowedText);
  const elsewhere = attempt('c', friend);
  for (const answer of answers.values()) answer('good');
  expect(new Set(await Promise.all([...same, other, elsewhere]))).toEqual(new Set(['good']));
  expect(looks).toBe(3);
  const next = attempt('a');
  answers.get('a')?.('wrong');
  expect(await next).toBe('wrong');
});

test('what cannot be known is no wrong credential', async () => {
  const { guesses, wrong } = slow({ perMinuteMax: 1 });
  const fail = () =>
    guesses.attempt(
      attacker,
      'a',
      () => Promise.reject(new Unavailable('no answer')),
      () => true,
    );
  for (let n = 0; n < 3; n++) await expect(fail()).rejects.toThrow(Unavailable);
  expect(wrong()).toBe(0);
});

test('10,000 sources at once: memory is bounded, and none of them makes an attacker forgotten', () => {
  const { guesses, wrong } = slow({ bytesMax: 256 * 1024 });
  const fail = (address: string) => guesses.begin(address).end(true);
  for (let n = 0; n < 100; n++) fail(attacker);
  for (let n = 0; n < 10_000; n++) fail(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  expect(guesses.bytes).toBeLessThanOrEqual(256 * 1024);
  expect(wrong()).toBe(10_100);
  expect(() => guesses.begin(attacker)).toThrow(slowedText);
  expect(() => fail('198.51.100.1')).not.toThrow();
});

test('more sources of the admin token than are remembered: the one that was used last stays', () => {
  const { guesses } = slow({ adminSourcesMax: 2 });
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3']) {
    guesses.adminCameFrom(address);
  }
  expect(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(guesses.hasAdminComeFrom)).toEqual([
    true,
    false,
    true,
  ]);
});
