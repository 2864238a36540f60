/** The signatures of reports: those of Standard Webhooks, and GitHub's with its published keys. */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { createIsSignedByGithub } from '../../src/leaks/github-keys.ts';
import { isSignedReport } from '../../src/leaks/report-signature.ts';
import { Unavailable } from '../../src/store/store.ts';

describe('a signed report', () => {
  const secret = randomBytes(32);
  const webhook = new Webhook(`whsec_${secret.toString('base64')}`);
  const body = Buffer.from('{"findings":[]}');
  const nowMs = 1_700_000_000_000;
  const id = 'msg_1';
  const signedAt = (ms: number) => ({
    id,
    timestamp: String(Math.floor(ms / 1000)),
    signature: webhook.sign(id, new Date(ms), body.toString()),
  });

  test('is what the libraries of Standard Webhooks make', () => {
    expect(isSignedReport(secret, signedAt(nowMs), body, nowMs)).toBe(true);
    const { signature, ...rest } = signedAt(nowMs);
    const two = { ...rest, signature: `v1,${randomBytes(32).toString('base64')} ${signature}` };
    expect(isSignedReport(secret, two, body, nowMs)).toBe(true);
  });

  test('counts for five minutes', () => {
    for (const [ageMs, isGood] of [
      [299_000, true],
      [-299_000, true],
      [301_000, false],
      [-301_000, false],
    ] as const) {
      expect(isSignedReport(secret, signedAt(nowMs - ageMs), body, nowMs)).toBe(isGood);
    }
  });

  test('is refused when anything of it is changed or missing', () => {
    const good = signedAt(nowMs);
    const later = String(Number(good.timestamp) + 1);
    const wrong = [
      { ...good, id: 'msg_2' },
      { ...good, id: '' },
      { ...good, timestamp: later },
      { ...good, timestamp: '' },
      { ...good, timestamp: '1e9' },
      { ...good, signature: '' },
      { ...good, signature: 'v1,' },
      { ...good, signature: good.signature.replace('v1,', 'v2,') },
      { ...good, signature: good.signature.slice(3) },
    ];
    for (const headers of wrong) expect(isSignedReport(secret, headers, body, nowMs)).toBe(false);
    expect(isSignedReport(secret, good, Buffer.from('{"findings":[1]}'), nowMs)).toBe(false);
    expect(isSignedReport(randomBytes(32), good, body, nowMs)).toBe(false);
  });
});

describe("GitHub's signature", () => {
  const body = Buffer.from('[{"source":"commit","token":"some_token"}]');
  const make = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key_identifier = name.repeat(64).slice(0, 64);
    const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const entry = { key_identifier, key, is_current: true };
    const signature = sign('sha256', body, privateKey).toString('base64');
    return { entry, headers: { keyId: key_identifier, signature } };
  };
  const [first, second] = [make('a'), make('b')];

  function open(answers: (object | Error)[]) {
    const clock = { ms: 0 };
    const failures: unknown[] = [];
    let fetched = 0;
    const isSigned = createIsSignedByGithub({
      async fetch() {
        fetched += 1;
        const next = answers.length > 1 ? answers.shift() : answers[0];
        if (next instanceof Error) throw next;
        return Response.json(next);
      },
      url: 'https://api.github.example/keys',
      monotonicMs: () => clock.ms,
      onFailure: error => failures.push(error),
    });
    return { clock, failures, isSigned, fetched: () => fetched };
  }
  const listOf = (...keys: ReturnType<typeof make>[]) => ({
    public_keys: keys.map(({ entry }) => entry),
  });

  test('is good by a published key, which is fetched once', async () => {
    const { isSigned, fetched } = open([listOf(first, second)]);
    const both = [isSigned(first.headers, body), isSigned(second.headers, body)];
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(fetched()).toBe(1);
  });

  test('is wrong for another body, key or signature', async () => {
    const { isSigned } = open([listOf(first, second)]);
    const mixed = { ...first.headers, signature: second.headers.signature };
    expect(await isSigned(first.headers, Buffer.from('[]'))).toBe(false);
    expect(await isSigned(mixed, body)).toBe(false);
    expect(await isSigned({ ...first.headers, signature: 'AAAA' }, body)).toBe(false);
    expect(await isSigned({ ...first.headers, signature: '' }, body)).toBe(false);
  });

  test('by an unknown key has the list fetched again, at most once a minute', async () => {
    const { isSigned, fetched, clock } = open([listOf(first), listOf(first, second)]);
    expect(await isSigned(first.headers, body)).toBe(true);
    expect(await isSigned(second.headers, body)).toBe(false);
    expect(fetched()).toBe(1);
    clock.ms += 60_000;
    expect(await isSigned(second.headers, body)).toBe(true);
    expect(fetched()).toBe(2);
    expect(await isSigned({ keyId: 'no id', signature: 'AAAA' }, body)).toBe(false);
    expect(fetched()).toBe(2);
  });

  test('by a key that GitHub no longer lists is wrong after an hour', async () => {
    const { isSigned, clock } = open([listOf(first), listOf(second)]);
    expect(await isSigned(first.headers, body)).toBe(true);
    clock.ms += 3_600_000;
    expect(await isSigned(first.headers, body)).toBe(false);
  });

  test('cannot be judged without keys; those of before are used', async () => {
    const down = open([new Error('down')]);
    await expect(down.isSigned(first.headers, body)).rejects.toThrow(Unavailable);
    await expect(down.isSigned(first.headers, body)).rejects.toThrow(Unavailable);
    expect([down.fetched(), down.failures.length]).toEqual([1, 1]);
    const later = open([listOf(first), new Error('down')]);
    expect(await later.isSigned(first.headers, body)).toBe(true);
    later.clock.ms += 3_600_000;
    expect(await later.isSigned(first.headers, body)).toBe(true);
    expect(later.failures).toHaveLength(1);
    const strange = open([{ other: 1 }]);
    await expect(strange.isSigned(first.headers, body)).rejects.toThrow(Unavailable);
  });

  test('of another curve or a damaged key is none', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const key_identifier = 'c'.repeat(64);
    const entries = [
      { key_identifier, key },
      { key_identifier: 'd'.repeat(64), key: 'PEM' },
      null,
      7,
    ];
    const { isSigned } = open([{ public_keys: entries }]);
    const signature = sign('sha256', body, privateKey).toString('base64');
    expect(await isSigned({ keyId: key_identifier, signature }, body)).toBe(false);
    expect(await isSigned({ keyId: 'd'.repeat(64), signature }, body)).toBe(false);
  });
});
