/** The setting with the prefix of tokens, and the patterns for scanners. */

import { expect, test } from 'vitest';
import { readConfig } from '../../src/settings/config.ts';
import { readTokenPrefix, scannerPatterns } from '../../src/settings/token-prefix.ts';
import { makeSecretKey, makeStaticToken } from '../../src/verify/static-token.ts';

test('the default, and another one', () => {
  expect(readConfig({}).tokenPrefix).toBe('ush');
  expect(readConfig({ USHER_TOKEN_PREFIX: 'acme_live' }).tokenPrefix).toBe('acme_live');
});

test.each([
  ['usk', /is what secret keys of other servers begin with; choose another/],
  ['acme_', /ends with "_", which is put behind it; leave that out/],
  ['Acme', /is not 2 to 20 lower-case letters and digits/],
])('%s is none', (text, message) => expect(() => readTokenPrefix(text)).toThrow(message));

test.each(['ush', 'acme', 'acme_live'])('the patterns of %s find what is made with it', prefix => {
  const patterns = scannerPatterns(prefix);
  const id = crypto.randomUUID();
  for (let n = 0; n < 100; n++) {
    const token = makeStaticToken(id, undefined, prefix);
    const secretKey = makeSecretKey(prefix);
    expect(new RegExp(patterns.token).exec(`KEY="${token}"`)?.[0]).toBe(token);
    expect(new RegExp(patterns.secretKey).exec(`KEY="${secretKey}"`)?.[0]).toBe(secretKey);
    expect(secretKey).not.toMatch(patterns.token);
  }
});
