/** Random JWTs against jose: jose accepts every JWT that the verifier calls valid. */

import fc from 'fast-check';
import { errors, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { anyCharacter } from '../any-character.ts';
import { jwtRecord, now, nowMs, part, secretKey, signed, verifierOf } from './setup.ts';

const record = jwtRecord();
const verify = verifierOf([record]);
const hmacKey = new TextEncoder().encode(secretKey);

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, 1e308, '', 'x', [], {}, ['a'], '1'),
  fc.jsonValue({ maxDepth: 2 }),
);
const past = fc.integer({ min: now - 100, max: now + 10 });
const coming = fc.integer({ min: now - 10, max: now + 100 });

/** Mostly right, so that many get to the claims; each member can be odd, and more can come. */
const headerOf = fc
  .tuple(
    fc.record(
      {
        alg: mostly(fc.constant<unknown>('HS256'), fc.oneof(fc.constantFrom('none', 'HS384'), odd)),
        kid: mostly(fc.constant<unknown>(record.id), odd),
        typ: mostly(fc.constantFrom<unknown>('JWT', 'at+jwt'), odd),
      },
      { requiredKeys: ['alg', 'kid'] },
    ),
    mostly(
      fc.constant({}),
      fc.dictionary(fc.constantFrom('crit', 'b64', 'zip', 'jwk', 'cty', 'x'), odd, { maxKeys: 2 }),
    ),
  )
  .map(([usual, more]) => ({ ...usual, ...more }));

const claimsOf = fc
  .tuple(
    fc.record(
      {
        exp: mostly<unknown>(coming, odd),
        nbf: mostly<unknown>(past, odd),
        iat: mostly<unknown>(past, odd),
        sub: mostly<unknown>(fc.string(), odd),
        aud: mostly<unknown>(fc.array(fc.string()), odd),
        jti: mostly<unknown>(fc.string(), odd),
        scope: mostly<unknown>(fc.constant('a b'), odd),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(fc.string(), odd, { maxKeys: 2 }),
  )
  .map(([usual, more]) => ({ exp: now + 60, ...usual, ...more }));

function mostly<T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

/** Changes of the text before it is signed, and of the whole afterwards. */
const noise = mostly(fc.constant(''), fc.constantFrom(' ', '\ufeff', '}', '=', '\0', ',"exp":1}'));
const near = fc
  .tuple(headerOf, claimsOf, noise, noise)
  .map(([header, claims, a, b]) =>
    signed(`${part(JSON.stringify(header) + a)}.${part(JSON.stringify(claims) + b)}`),
  );
const bent = fc
  .tuple(near, fc.nat(), fc.constantFrom('', 'A', 'B', '_', '-', '.', '=', '+', ' ', '\n', '\0'))
  .map(([jwt, at, put]) => {
    const place = at % (jwt.length + 1);
    return jwt.slice(0, place) + put + jwt.slice(place + (at % 2));
  });

async function isAcceptedByJose(jwt: string): Promise<boolean> {
  try {
    const currentDate = new Date(nowMs);
    await jwtVerify(jwt, hmacKey, { algorithms: ['HS256'], requiredClaims: ['exp'], currentDate });
    return true;
  } catch (error) {
    // Two things that the verifier accepts, and jose does not: null as absent, and leeway of nbf.
    if (!(error instanceof errors.JWTClaimValidationFailed)) return false;
    const value = error.payload[error.claim];
    return value === null || (error.claim === 'nbf' && (value as number) <= now + 60);
  }
}

test('whatever is called valid, jose accepts too', async () => {
  let valid = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(near, bent), async jwt => {
      const verdict = await verify({ header: `Bearer ${jwt}` });
      if (!verdict.valid) return;
      valid += 1;
      // A space before the JWT is the header's, not the JWT's.
      expect(await isAcceptedByJose(jwt.trim())).toBe(true);
    }),
    { numRuns: 3000 },
  );
  // Otherwise the tokens made here were too odd for the test to say anything.
  expect(valid).toBeGreaterThan(100);
});

test('a mutated JWT is valid only if its text is unchanged', async () => {
  const jwt = signed(`${part({ alg: 'HS256', kid: record.id })}.${part({ exp: now + 60 })}`);
  const changes = fc.tuple(
    fc.nat({ max: jwt.length }),
    fc.string({ unit: anyCharacter }),
    fc.nat(3),
  );
  await fc.assert(
    fc.asyncProperty(changes, async ([at, put, cut]) => {
      const changed = jwt.slice(0, at) + put + jwt.slice(at + cut);
      fc.pre(changed.trim() !== jwt);
      expect((await verify({ header: `Bearer ${changed}` })).valid).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test('whatever the header and the record, nothing is thrown but Unavailable', async () => {
  const value = fc.oneof(fc.string({ unit: anyCharacter }), fc.string(), fc.constant('AAAA'));
  const secrets = fc.array(fc.record({ masterKeyId: fc.constantFrom('k1', 'k2'), value }));
  const header = fc.oneof(
    near.map(jwt => `Bearer ${jwt}`),
    fc.string({ unit: anyCharacter }),
    fc.string().map(text => `Bearer ${text}`),
  );
  await fc.assert(
    fc.asyncProperty(header, secrets, async (text, kept) => {
      const odd = { ...record, secrets: kept.map(secret => ({ ...secret, createdAt: 1 })) };
      try {
        expect((await verifierOf([odd])({ header: text })).valid).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(Unavailable);
      }
    }),
    { numRuns: 300 },
  );
});
