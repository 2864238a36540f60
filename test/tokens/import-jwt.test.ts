/** The import of jwt secrets: JWTs that are in the field verify, and repeats change nothing. */

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createImport, type ImportItem } from '../../src/tokens/import.ts';
import { createIssueJwt } from '../../src/tokens/issue.ts';
import { createReseal } from '../../src/tokens/reseal.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, fields, openOffice } from './setup.ts';

const { store, keys, now, clock, tokens, verdictOn } = openOffice();
const importTokens = createImport({ store, keys, now, limits: defaultLimits.verify });
const once = { dryRun: false, allowWeak: false };
const jwtFields = fields({ scopes: ['a'] });
const item = (jwtSecret: Uint8Array, id: string = randomUUID(), more = {}): ImportItem => ({
  secret: { jwtSecret },
  id,
  fields: { ...jwtFields, ...more },
});
const one = async (what: ImportItem, options = {}, caller = admin) => {
  const [result] = await importTokens(caller, [what], { ...once, ...options });
  if (result === undefined) throw new Error('no result');
  return result;
};

/** The header with a JWT that another system signed with the key. */
function signed(kid: string, key: Uint8Array): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(clock.ms / 1000) + 60;
  const input = `${part({ alg: 'HS256', kid })}.${part({ exp, aud: 'web' })}`;
  return `Bearer ${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

const binary = Buffer.concat([Buffer.from([0xff, 0x00, 0xc3]), randomBytes(61)]);
const text = Buffer.from('a passphrase that is long enough: ü');

test.each([
  ['bytes', binary],
  ['a text', text],
])('a JWT signed with %s verifies, under the kid that it names', async (_, key) => {
  const what = item(key, randomUUID(), { audiences: ['web'], jwtLifetimeMaxSeconds: 3600 });
  const id = what.id as string;
  expect(await verdictOn(signed(id, key))).toBe('INVALID_TOKEN');
  expect(await one(what)).toEqual({ outcome: 'imported', id, problem: '' });
  expect(await verdictOn(signed(id, key))).toBe('valid');
  expect(await verdictOn(signed(id, randomBytes(64)))).toBe('INVALID_TOKEN');
  expect(await one(what)).toEqual({ outcome: 'existing', id, problem: '' });
  const { record } = await tokens.get(admin, id);
  expect(record).toMatchObject({ kind: 'jwt', imported: 'plain', audiences: ['web'] });
  expect(JSON.stringify(record)).not.toContain(key.toString('base64'));
});

test('Usher signs with it, rotates it, and seals it with the next master key', async () => {
  const { id = '' } = await one(item(binary));
  const issue = createIssueJwt(store, keys, now, defaultLimits.verify);
  const order = { tokenId: id, subject: '', audience: [], scopes: [], claims: {} };
  const { jwt } = await issue(admin, { ...order, expiry: { lifetimeSeconds: 60 } });
  expect(await verdictOn(`Bearer ${jwt}`)).toBe('valid');

  await tokens.rotate(admin, id, 60, 0);
  expect(await verdictOn(signed(id, binary))).toBe('valid');

  const next = createMasterKeys([
    { id: 'k2', bytes: new Uint8Array(32).fill(2) },
    { id: 'k1', bytes: new Uint8Array(32).fill(1) },
  ]);
  await createReseal({ store, keys: next, now, limits: defaultLimits.changes })(admin, {
    pageSize: 500,
  });
  const record = await store.get(id);
  const previous = record?.secrets[1];
  expect(previous).toMatchObject({ masterKeyId: 'k2', encoding: 'base64' });
  expect(next.open(previous as NonNullable<typeof previous>, id)).toBe(binary.toString('base64'));
});

test('a dry run changes nothing; a repeated request says the same', async () => {
  const what = item(binary);
  const id = what.id as string;
  expect(await one(what, { dryRun: true })).toMatchObject({ outcome: 'imported' });
  expect(await store.get(id)).toBeUndefined();
  const requestId = randomUUID();
  expect(await one(what, { requestId })).toMatchObject({ outcome: 'imported', id });
  expect(await one(what, { requestId })).toMatchObject({ outcome: 'imported', id });
  expect(await one(what, { dryRun: true })).toMatchObject({ outcome: 'existing', id });
});

test.each<[string, () => Promise<ImportItem>, RegExp]>([
  ['no id', async () => item(binary, ''), /^id: is required: the kid/],
  ['a kid that is no UUID', async () => item(binary, 'key-1'), /^id: must be a UUID/],
  ['a short key', async () => item(randomBytes(31)), /^jwt_secret: is 31 bytes long; .* 32 to/],
  ['a long key', async () => item(randomBytes(1025)), /^jwt_secret: is 1025 bytes long/],
  [
    'fields of kind static',
    async () => item(binary, randomUUID(), { grantableScopes: ['a'] }),
    /^grantable_scopes: are for kind static/,
  ],
  [
    'the id of an access token with another secret',
    async () => item(binary, (await one(item(text))).id),
    /^id: is that of another access token/,
  ],
  [
    'the id of a static access token',
    async () => item(binary, (await tokens.create(admin, 'static', fields())).record.id),
    /^id: is that of another access token/,
  ],
])('%s is refused', async (_, make, problem) => {
  const result = await one(await make());
  expect(result).toMatchObject({ outcome: 'refused', id: '' });
  expect(result.problem).toMatch(problem);
});

test('a caller with an owner chooses no kid', async () => {
  const result = await one(item(binary), {}, adminOf('ann'));
  expect(result.problem).toContain('only a caller without an owner');
});
