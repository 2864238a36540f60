/** Where passkeys can be used, by the address of the API Manager. */

import { expect, test } from 'vitest';
import { namedIn, relyingPartyOf } from '../../src/people/webauthn.ts';

test.each([
  ['https://usher.example.com', 'usher.example.com', 'https://usher.example.com'],
  ['https://usher.example.com:8443/', 'usher.example.com', 'https://usher.example.com:8443'],
  ['http://localhost:8081', 'localhost', 'http://localhost:8081'],
  ['http://usher.localhost:8081', 'usher.localhost', 'http://usher.localhost:8081'],
  // Browsers have none for these, and find the same server as localhost.
  ['http://127.0.0.1:8081', 'localhost', 'http://localhost:8081'],
  ['http://[::1]:8081', 'localhost', 'http://localhost:8081'],
  ['https://127.0.0.1:8081', 'localhost', 'https://localhost:8081'],
])('%s has passkeys of %s', (url, id, origin) => {
  expect(relyingPartyOf(url)).toEqual({ id, origin });
});

test.each([
  ['http://usher.example.com', 'over plain HTTP (http://usher.example.com)'],
  ['http://10.0.0.7:8081', 'for an IP address (http://10.0.0.7:8081)'],
  ['https://192.0.2.1', 'for an IP address (https://192.0.2.1)'],
  ['https://[2001:db8::1]:8081', 'for an IP address (https://[2001:db8::1]:8081)'],
])('%s has none, and a sentence says what to do', (url, what) => {
  const problem = `browsers have no passkeys ${what}: serve the API Manager as https://`;
  expect(relyingPartyOf(url)).toEqual({ problem: expect.stringContaining(problem) });
});

test.each([
  undefined,
  null,
  {},
  7,
  'x',
  { id: 'a' },
  { id: 'a', response: {} },
  { response: { userHandle: 'x' } },
])('%j names no person', answer => {
  expect(namedIn(answer)).toBeUndefined();
});
