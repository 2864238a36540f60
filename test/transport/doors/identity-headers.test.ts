/** Identity headers: no content of a token can become another header or another value. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  identityHeaderNames,
  identityHeaders,
  identityValueBytesMax,
} from '../../../src/transport/doors/identity-headers.ts';
import { anyCharacter } from '../../any-character.ts';
import { granted } from '../fakes.ts';

const valuesOf = (changes: object) =>
  Object.fromEntries(identityHeaders({ ...granted.identity, ...changes }));

const text = fc.string({ unit: anyCharacter, maxLength: 100 });

test('each header is there exactly once', () => {
  expect(identityHeaders(granted.identity).map(([name]) => name)).toEqual(identityHeaderNames);
});

test('a value is printable ASCII without outer spaces, and decodes to the original', () => {
  fc.assert(
    fc.property(text, text, (owner, subject) => {
      const headers = valuesOf({ owner, subject });
      for (const value of Object.values(headers)) expect(value).toMatch(/^$|^[!-~]([ -~]*[!-~])?$/);
      expect(decodeURIComponent(headers['x-usher-owner'] ?? '')).toBe(owner.toWellFormed());
      expect(decodeURIComponent(headers['x-usher-subject'] ?? '')).toBe(subject.toWellFormed());
    }),
  );
});

test('the number of scopes is preserved', () => {
  const scope = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 10 }), scopes => {
      const value = valuesOf({ scopes })['x-usher-scopes'] ?? '';
      const sent = value === '' ? [] : value.split(' ').map(decodeURIComponent);
      expect(sent).toEqual(scopes.map(each => each.toWellFormed()));
    }),
  );
});

test('a value that is too long is omitted', () => {
  const owner = 'a'.repeat(identityValueBytesMax);
  expect(valuesOf({ owner })['x-usher-owner']).toBe(owner);
  expect(valuesOf({ owner: `${owner}a` })['x-usher-owner']).toBe('');
});
