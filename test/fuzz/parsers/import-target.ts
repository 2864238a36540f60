/** Lines of an import file, from the command line to the check of the server. */

import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { LineError, readLine } from '../../../src/cli/import-line.ts';
import { TokenError } from '../../../src/tokens/errors.ts';
import { checkItem, type ImportItem } from '../../../src/tokens/import-item.ts';
import { parseAuthorization } from '../../../src/verify/credential.ts';
import { defaultLimits } from '../../limits.ts';
import { nowMs } from '../../verify/setup.ts';
import type { Target } from '../target.ts';
import { ownToken } from './known-tokens.ts';
import { hasRepeated, readSlowly } from './slow-json.ts';

const { headerBytesMax } = defaultLimits.verify;
const secretMembers = ['token', 'sha256', 'sha512', 'secret', 'secret_base64'];

/** The input is a line. */
function play(input: Buffer): void {
  const line = input.toString('utf8');
  const read = refusedOr(() => readLine(line), LineError);
  if (typeof read === 'string') {
    checkRefusal(read, line);
    return;
  }
  const slow = readSlowly(line);
  assert(slow?.kind === 'object' && !hasRepeated(slow), 'no object, or a member twice, is taken');
  const given = slow.members.filter(
    ([name, value]) => secretMembers.includes(name) && !isDeepStrictEqual(value, nothing),
  );
  assert.equal(given.length, 1, 'several secrets, or none');
  const { secret, id, expireTime, ...fields } = read;
  const expiresAt = expireTime?.getTime();
  const item = {
    secret,
    id,
    fields: { scopes: [], ...fields, expiresAt },
  } as unknown as ImportItem;
  const bounds = { headerBytesMax, allowWeak: line.length % 2 === 0 };
  const checked = refusedOr(() => checkItem(item, bounds, nowMs), TokenError);
  if (typeof checked === 'string') checkRefusal(checked, line);
  else if ('token' in secret) checkToken(secret.token);
}

const nothing = { kind: 'literal', value: null };

/** What was returned, or the message of such an error. */
function refusedOr<T>(run: () => T, expected: abstract new (...some: never) => Error): T | string {
  try {
    return run();
  } catch (error) {
    assert(error instanceof expected, `another error: ${error}`);
    return error.message;
  }
}

/** A refusal goes to a terminal, and into logs: it repeats no long part of the line's secret. */
function checkRefusal(message: string, line: string): void {
  const [, token = ''] = /"(?:token|secret|secret_base64)": *"([\w-]{12,})"/.exec(line) ?? [];
  if (token !== '') assert(!message.includes(token), 'the refusal holds the secret');
}

/** A token that is taken can be sent, and is then read as it is. */
function checkToken(token: string): void {
  for (const header of [`Bearer ${token}`, token]) {
    validateHeaderValue('authorization', header);
    const read = parseAuthorization(header, { headerBytesMax });
    assert(typeof read === 'object' && read.kind === 'static', 'it would never be verified');
    assert.equal(read.token, token);
  }
}

const seed = (value: object) => Buffer.from(JSON.stringify({ name: 'n', ...value }));

/** The lines. */
export const importTarget: Target = {
  name: 'import',
  share: 1,
  bytesMax: 3000,
  seeds: [
    seed({ token: 'sk_live_0123456789abcdef', owner: 'acme', scopes: ['orders:read'] }),
    seed({ token: ownToken, id: '' }),
    seed({ sha256: '9f'.repeat(32), expires_at: '2027-01-01T00:00:00Z' }),
    seed({ sha512: Buffer.alloc(64, 1).toString('base64url'), grantable_scopes: ['a'] }),
    seed({
      ...{ kind: 'jwt', id: '0199a0de-0000-7000-8000-00000000000a', secret: 's'.repeat(32) },
      ...{ audiences: ['api'], jwt_lifetime_max: '15m', metadata: { a: [1] } },
    }),
    seed({ kind: 'jwt', secret_base64: Buffer.alloc(32, 7).toString('base64') }),
    seed({ token: 'short', sha256: null }),
    seed({ token: 'a.b.c', tokn: 1 }),
    seed({ token: 'eyJhbGciOiJIUzI1NiJ9.e30.c' }),
    Buffer.from('{"token":"a","token":"b"}'),
    Buffer.from('[1]'),
  ],
  words: [
    ...['"token":', '"sha256":', '"sha512":', '"secret":', '"secret_base64":', '"kind":"jwt"', ','],
    ...['"id":', '"scopes":[', '"metadata":{', '"expires_at":"', '"jwt_lifetime_max":"', 'Bearer '],
    ...['null', 'ush_', '"', '\\"', '\\u00', '\\u0020', '{', '}', '[', ']', '=', '__proto__', '😀'],
  ].map(text => Buffer.from(text)),
  play,
};
