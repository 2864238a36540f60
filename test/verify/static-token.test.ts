/** The format of static tokens. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isPrefix,
  makeSecretKey,
  makeStaticToken,
  parseStaticToken,
  secretKeyPrefix,
  uuidInStaticToken,
} from '../../src/verify/static-token.ts';
import { anyCharacter } from '../any-character.ts';

const digits = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const token = fc.uuid().map(id => makeStaticToken(id));

test('the UUID can be read from its token', () => {
  fc.assert(fc.property(fc.uuid(), id => parseStaticToken(makeStaticToken(id)) === id));
});

test.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
  'also %s',
  id => expect(parseStaticToken(makeStaticToken(id))).toBe(id),
);

test('the format is ush_, 22, _, 43 and 6 base62 characters', () => {
  fc.assert(fc.property(token, text => /^ush_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/.test(text)));
});

test('tokens of one UUID differ', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(new Set(Array.from({ length: 1000 }, () => makeStaticToken(id))).size).toBe(1000);
});

describe('refused', () => {
  test('with any one character changed', () => {
    const at = fc.nat({ max: 75 });
    const changed = fc.tuple(token, at, fc.oneof(fc.constantFrom(...digits), fc.string()));
    fc.assert(
      fc.property(changed, ([text, place, put]) => {
        fc.pre(text[place] !== put);
        return parseStaticToken(text.slice(0, place) + put + text.slice(place + 1)) === undefined;
      }),
      { numRuns: 2000 },
    );
  });
  test('with two adjacent characters swapped', () => {
    fc.assert(
      fc.property(token, fc.nat({ max: 74 }), (text, at) => {
        const [a = '', b = ''] = text.slice(at, at + 2);
        fc.pre(a !== b);
        return parseStaticToken(text.slice(0, at) + b + a + text.slice(at + 2)) === undefined;
      }),
    );
  });
  test('truncated, at either end', () => {
    fc.assert(
      fc.property(token, fc.integer({ min: 1, max: 76 }), (text, cut) => {
        expect(parseStaticToken(text.slice(0, -cut))).toBeUndefined();
        expect(parseStaticToken(text.slice(cut))).toBeUndefined();
      }),
    );
  });
  test('with any text before or after it, a line end too', () => {
    const some = fc.oneof(fc.constantFrom('\n', '\r', ' ', '\0', '='), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(token, some, (text, more) => {
        expect(parseStaticToken(text + more)).toBeUndefined();
        expect(parseStaticToken(more + text)).toBeUndefined();
      }),
    );
  });
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.string().map(s => `ush_${s}`),
      ),
      text => {
        expect(parseStaticToken(text)).toBeUndefined();
      },
    ),
  );
});

describe('another prefix', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const prefixes = ['ab', 'acme', 'acme_live', 'ush_live', 'a1_b2_c3', 'x'.repeat(20), 'usk2'];

  test.each(prefixes)('%s: its tokens are read without knowing it', prefix => {
    expect(isPrefix(prefix)).toBe(true);
    const text = makeStaticToken(id, undefined, prefix);
    expect(text).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$`));
    expect(parseStaticToken(text)).toBe(id);
    expect(uuidInStaticToken(text)).toBe(id);
    expect(uuidInStaticToken(text.slice(0, -49))).toBe(id);
    expect(uuidInStaticToken(text.slice(0, -50))).toBe(id);
  });

  test('the check digits are over the prefix too', () => {
    const text = makeStaticToken(id, undefined, 'acme');
    expect(parseStaticToken(text.replace('acme', 'acmf'))).toBeUndefined();
    expect(parseStaticToken(text.replace('acme', 'ush'))).toBeUndefined();
    expect(parseStaticToken(makeStaticToken(id).replace('ush', 'acme'))).toBeUndefined();
  });

  test.each(['', 'a', 'Acme', 'acme_', '_acme', 'ac__me', '1acme', 'ac-me', 'ac.me', 'usk'])(
    'none: %s',
    prefix => expect(isPrefix(prefix)).toBe(false),
  );
  test.each(['-acme', 'Acme', '1acme', 'a', 'acme_', 'a-b', 'a'.repeat(21)])(
    'a text that is none makes no token: %s',
    prefix => {
      const text = makeStaticToken(id, undefined, prefix);
      expect(parseStaticToken(text)).toBeUndefined();
      expect(uuidInStaticToken(text)).toBeUndefined();
    },
  );
  test('none: longer than 20', () => expect(isPrefix('a'.repeat(21))).toBe(false));
});

describe('the UUID in a part of a token', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const text = makeStaticToken(id);
  const other = makeStaticToken(id, undefined, 'acme');

  test('that is cut anywhere behind it', () => {
    for (let length = 26; length <= text.length; length++) {
      expect(uuidInStaticToken(text.slice(0, length))).toBe(id);
    }
    expect(uuidInStaticToken(`${text.slice(0, 26)}x`)).toBe(id);
  });
  test('but not of another prefix without the "_" behind it, which is too likely by chance', () => {
    expect(uuidInStaticToken(other.slice(0, 27))).toBe(id);
    expect(uuidInStaticToken(other.slice(0, 28))).toBe(id);
    expect(uuidInStaticToken(`${other.slice(0, 27)}x`)).toBeUndefined();
  });
  test('that is cut within it, or begins with something else', () => {
    for (const some of [text.slice(0, 25), other.slice(0, 26), 'ush_', 'ush', '']) {
      expect(uuidInStaticToken(some)).toBeUndefined();
    }
    for (const some of [` ${text}`, `-${other}`, text.slice(4), `ush_-${text.slice(5)}`]) {
      expect(uuidInStaticToken(some)).toBeUndefined();
    }
  });
  test('whose 22 characters are more than 128 bits', () => {
    // The last UUID, and the number after it.
    expect(uuidInStaticToken('ush_7n42DGM5Tflk9n8mt7Fhc7')).toBe(
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    );
    expect(uuidInStaticToken('ush_7n42DGM5Tflk9n8mt7Fhc8')).toBeUndefined();
    expect(uuidInStaticToken(`ush_${'z'.repeat(22)}`)).toBeUndefined();
  });
});

test('a secret key has a prefix of its own, and check digits', () => {
  expect(makeSecretKey()).toMatch(/^usk_[0-9A-Za-z]{49}$/);
  expect(makeSecretKey('acme')).toMatch(/^acmek_[0-9A-Za-z]{49}$/);
  expect(secretKeyPrefix('ush')).toBe('usk');
  const bytes = new Uint8Array(32).fill(7);
  expect(makeSecretKey('ush', bytes).slice(-6)).not.toBe(makeSecretKey('acme', bytes).slice(-6));
});
