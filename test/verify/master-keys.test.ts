/** The keyed hash of static tokens, and the encryption (sealing) of secrets. */

import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';

const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
const keys = createMasterKeys([key('new', 2), key('old', 1)]);
const older = createMasterKeys([key('old', 1)]);
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const other = '01890a5d-ac96-774b-bcce-b302099a8058';
const secret = 'usk_a secret key, with ümlauts and 😀';

describe('sealing', () => {
  test('a value sealed for an access token can be opened for it', () => {
    expect(keys.open(keys.seal(secret, id), id)).toBe(secret);
    expect(keys.open(keys.seal('', id), id)).toBe('');
  });
  test('the first key seals, all keys can open', () => {
    expect(keys.seal(secret, id).masterKeyId).toBe('new');
    expect(keys.currentId).toBe('new');
    expect(keys.open(older.seal(secret, id), id)).toBe(secret);
  });
  test('each sealing of a secret gives another text, and none contains the secret', () => {
    const sealed = Array.from({ length: 100 }, () => keys.seal(secret, id).value);
    expect(new Set(sealed).size).toBe(100);
    for (const value of sealed) {
      expect(Buffer.from(value, 'base64url').includes(secret)).toBe(false);
    }
  });
  test('it cannot be opened for another access token', () => {
    const sealed = keys.seal(secret, id);
    for (const name of [other, '', id.toUpperCase(), `${id} `, `reply/${id}`]) {
      expect(() => keys.open(sealed, name)).toThrow(Unavailable);
    }
  });
  test('it cannot be opened with any byte changed', () => {
    const sealed = keys.seal(secret, id);
    const bytes = Buffer.from(sealed.value, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const value = changed.toString('base64url');
      expect(() => keys.open({ ...sealed, value }, id)).toThrow(Unavailable);
    }
  });
  test('it cannot be opened when truncated, at either end', () => {
    const sealed = keys.seal(secret, id);
    const bytes = Buffer.from(sealed.value, 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      for (const cut of [bytes.subarray(0, length), bytes.subarray(bytes.length - length)]) {
        const value = cut.toString('base64url');
        expect(() => keys.open({ ...sealed, value }, id)).toThrow(Unavailable);
      }
    }
  });
  test('it cannot be opened with the id of another master key', () => {
    const sealed = keys.seal(secret, id);
    expect(() => keys.open({ ...sealed, masterKeyId: 'old' }, id)).toThrow(Unavailable);
  });
  test('it cannot be opened with a master key that is not listed', () => {
    for (const masterKeyId of ['gone', '', '__proto__', 'constructor']) {
      const sealed = { ...keys.seal(secret, id), masterKeyId };
      expect(() => keys.open(sealed, id)).toThrow(Unavailable);
    }
    expect(() => older.open(keys.seal(secret, id), id)).toThrow(Unavailable);
  });
  test('the error does not contain the secret', () => {
    try {
      keys.open(keys.seal(secret, id), other);
      expect.unreachable();
    } catch (error) {
      const { message, cause } = error as Error;
      expect(`${message} ${cause}`).not.toContain(secret);
    }
  });
});

test('a sealed place has one spelling', () => {
  const sealed = keys.sealPlace('place', 'context');
  expect(keys.openPlace(sealed, 'context')).toBe('place');
  for (const other of [
    `${sealed}=`,
    `${sealed} `,
    ` ${sealed}`,
    `${sealed.slice(0, 9)}\n${sealed.slice(9)}`,
  ]) {
    expect(keys.openPlace(other, 'context')).toBeUndefined();
  }
});

test('the cause, which is logged, says what to look for', () => {
  const causeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as Error).cause;
    }
    return expect.unreachable();
  };
  expect(causeOf(() => keys.hash('t', 'gone'))).toBe('master key "gone" is not listed');
  expect(causeOf(() => keys.open(keys.seal(secret, id), other))).toBe(
    'the sealed secret was altered',
  );
});

describe('hashing', () => {
  test('is the same for the same token and master key, and for nothing else', () => {
    expect(keys.hash('t', 'old')).toEqual(older.hash('t', 'old'));
    expect(keys.hash('t', 'old')).not.toEqual(keys.hash('t', 'new'));
    expect(keys.hash('t', 'old')).not.toEqual(keys.hash('T', 'old'));
    expect(keys.hash('t', 'old')).toHaveLength(32);
  });
  test('does not depend on the id of the master key, which may change', () => {
    const renamed = createMasterKeys([key('renamed', 1)]);
    expect(renamed.hash('t', 'renamed')).toEqual(older.hash('t', 'old'));
  });
  test('with a master key that is not listed fails as unavailable', () => {
    expect(() => keys.hash('t', 'gone')).toThrow(Unavailable);
  });
});

describe('a list is refused', () => {
  test('without a key', () => expect(() => createMasterKeys([])).toThrow('no master key'));
  test.each([0, 16, 31, 33, 64])('with a key of %d bytes', length => {
    const bytes = new Uint8Array(length).fill(7);
    expect(() => createMasterKeys([{ id: 'short', bytes }])).toThrow('short is not 32 bytes long');
  });
  test('with a duplicate id', () => {
    expect(() => createMasterKeys([key('a', 1), key('a', 2)])).toThrow('two master keys a');
  });
});

test('subjects have a name under each master key, which nobody without it can guess', () => {
  const [current, last] = keys.subjectDigests(id, 'ann@example.com');
  expect(older.subjectDigests(id, 'ann@example.com')).toEqual([last]);
  expect(current).not.toBe(last);
  expect(current).toMatch(/^[\w-]{22}$/);
  expect(keys.subjectDigests(other, 'ann@example.com')).not.toContain(current);
  expect(keys.subjectDigests(id, 'ann@example.con')).not.toContain(current);
});
