/** Callers of Verify: who is let in, for how long, and what the others are told. */

import { beforeEach, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import type { Authenticate } from '../../src/tokens/caller.ts';
import { TokenError } from '../../src/tokens/errors.ts';
import type { Fields } from '../../src/tokens/fields.ts';
import {
  createFindVerifyCaller,
  type FindVerifyCaller,
  type VerifyAccess,
} from '../../src/tokens/verify-callers.ts';
import { admin, fields, openOffice } from './setup.ts';

const office = openOffice();
const { tokens, store, clock } = office;
const adminToken = 'admin-token-of-the-configuration';
let authentications: number;
const authenticate = office.authenticateBy(adminToken);
const counted: Authenticate = (header, peer) => {
  authentications++;
  return authenticate(header, peer);
};

function finder(access: Exclude<VerifyAccess, 'open'>): FindVerifyCaller {
  const clientSans = [{ name: 'web.example.com' }, { name: 'shop.example.com', owner: 'ann' }];
  const { now } = office;
  return createFindVerifyCaller({ access, clientSans, authenticate: counted, records: store, now });
}

let find: FindVerifyCaller;
beforeEach(() => {
  authentications = 0;
  find = finder(['token']);
});

const make = async (some: Partial<Fields> = {}) => {
  const scopes = ['usher.verify'];
  const { record, secret } = await tokens.create(admin, 'static', fields({ scopes, ...some }));
  return { record, token: secret };
};
const by = async (token: string, names: string[] = []) =>
  await find(token, names, () => '192.0.2.1');

test('a token with the scope is let in, under its name, with or without Bearer', async () => {
  const { token } = await make({ name: 'web', owner: 'ann' });
  for (const spelt of [token, `Bearer ${token}`, `bearer  ${token}`]) {
    expect(await by(spelt)).toEqual({ name: 'web', owners: ['ann'] });
  }
  expect(await by((await make({ scopes: ['usher.admin'] })).token)).toEqual({ name: 'test' });
  expect(await by(adminToken)).toEqual({ name: 'admin' });
});

test('a token for some addresses only is judged by the address of each call', async () => {
  const { token } = await make({ name: 'web', allowedSources: ['192.0.2.1'] });
  for (let n = 0; n < 3; n++) {
    expect(await by(token)).toEqual({ name: 'web' });
    expect(await find(token, [], () => '192.0.2.2')).toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});

test('another is told what to do, and nothing of what it sent', async () => {
  const jwt = await tokens.create(admin, 'jwt', fields({ scopes: ['usher.verify'] }));
  const signed = await office.issue(admin, {
    ...{ tokenId: jwt.record.id, subject: '', audience: [], scopes: [], claims: {} },
    expiry: { lifetimeSeconds: 60 },
  });
  const lacks = {
    code: 'PERMISSION_DENIED',
    text: 'the token in x-usher-caller is not a static one with the scope usher.verify or usher.admin',
  };
  const weak = await make({ scopes: ['usher.tokens.read'] });
  expect(await by(weak.token)).toEqual({ ...lacks, actor: weak.record.id });
  expect(await by(`Bearer ${signed.jwt}`)).toEqual({ ...lacks, actor: '' });
  const refused = async (token: string) => await by(token);
  const told = (text: string) => ({ code: 'UNAUTHENTICATED', text, actor: '' });
  expect(await refused('guess')).toEqual(
    told('the token in x-usher-caller is refused: token is not valid'),
  );
  expect(await refused(`${weak.token}, ${weak.token}`)).toEqual(
    told('the token in x-usher-caller is refused: it is malformed, or there are several'),
  );
  expect(await refused('')).toEqual(
    told(
      'the caller is not known: send a static access token with the scope usher.verify in x-usher-caller',
    ),
  );
});

test('a caller that was let in needs no other look at its token', async () => {
  const { token } = await make();
  const caller = await by(token);
  expect(authentications).toBe(1);
  authentications = 0;
  expect(find(token, [], () => '192.0.2.1')).toBe(caller);
  expect(find(token, [], () => '192.0.2.1')).toBe(caller);
  expect(authentications).toBe(0);
});

test('a caller whose token changes after its authentication is looked at again', async () => {
  const { token, record } = await make();
  const { now } = office;
  const late: Authenticate = async (header, peer) => {
    const caller = await counted(header, peer);
    if (authentications === 1) await tokens.revoke(admin, record.id, '');
    return caller;
  };
  const deps = {
    access: ['token'],
    clientSans: [],
    authenticate: late,
    records: store,
    now,
  } as const;
  const findLate = createFindVerifyCaller(deps);
  await findLate(token, [], () => '192.0.2.1');
  expect(await findLate(token, [], () => '192.0.2.1')).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test.each<[string, (record: AccessTokenRecord) => Promise<unknown>, object]>([
  [
    'its token is revoked',
    ({ id }) => tokens.revoke(admin, id, ''),
    { code: 'UNAUTHENTICATED', text: expect.stringContaining('token has been revoked') },
  ],
  ['its token is rotated', ({ id }) => tokens.rotate(admin, id, 0, 0), { code: 'UNAUTHENTICATED' }],
  [
    'its scope is taken',
    ({ id, revision }) => tokens.update(admin, id, revision, fields(), ['scopes']),
    { code: 'PERMISSION_DENIED' },
  ],
  [
    'its owner changes',
    ({ id, revision }) => tokens.update(admin, id, revision, fields({ owner: 'bob' }), ['owner']),
    { name: 'test', owners: ['bob'] },
  ],
  [
    'its name changes',
    ({ id, revision }) => tokens.update(admin, id, revision, fields({ name: 'new' }), ['name']),
    { name: 'new' },
  ],
  [
    'its time is over',
    async () => {
      clock.ms += 60_000;
    },
    { code: 'UNAUTHENTICATED', text: expect.stringContaining('token has expired') },
  ],
])('the next call is judged anew once %s', async (_, change, expected) => {
  const { token, record } = await make({ expiresAt: clock.ms + 60_000 });
  expect(await by(token)).toEqual({ name: 'test' });
  await change(record);
  expect(await by(token)).toMatchObject(expected);
});

test('the grace of a rotation ends to the millisecond', async () => {
  const { token, record } = await make();
  await tokens.rotate(admin, record.id, 60, 0);
  expect(await by(token)).toEqual({ name: 'test' });
  clock.ms += 59_999;
  expect(await by(token)).toEqual({ name: 'test' });
  clock.ms += 1;
  expect(await by(token)).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a caller whose authentication is refused unseen is not let in', async () => {
  const cause = new TokenError('RESOURCE_EXHAUSTED', 'too many attempts');
  const authenticate = () => Promise.reject(cause);
  const { now } = office;
  const deps = { access: ['token'], clientSans: [], authenticate, records: store, now } as const;
  expect(await createFindVerifyCaller(deps)('guess', [], () => '192.0.2.1')).toEqual({
    ...{ code: 'RESOURCE_EXHAUSTED', text: 'too many attempts', actor: '', cause },
  });
});

test('what is kept of callers is bounded', async () => {
  const made = [];
  for (let n = 0; n < 260; n++) made.push(await make());
  for (const { token } of made) await by(token);
  authentications = 0;
  for (const { token } of made) await by(token);
  expect(authentications).toBeGreaterThan(0);
});

test('with mtls, a certificate that is let in decides alone; without, none is looked at', async () => {
  find = finder(['token', 'mtls']);
  const { token } = await make({ owner: 'bob' });
  expect(await by(token, ['web.example.com'])).toEqual({ name: 'web.example.com' });
  expect(await by('guess', ['shop.example.com'])).toEqual({
    name: 'shop.example.com',
    owners: ['ann'],
  });
  expect(await by(token, ['other.example.com'])).toEqual({ name: 'test', owners: ['bob'] });
  expect(await by('', ['other.example.com'])).toEqual({
    code: 'PERMISSION_DENIED',
    text: 'no name of the client certificate is in USHER_TLS_CLIENT_SANS',
    actor: '',
  });
  expect(await by('')).toMatchObject({
    text: expect.stringMatching(/in x-usher-caller, or present a client certificate/),
  });
  find = finder(['mtls']);
  expect(await by(token)).toMatchObject({ code: 'UNAUTHENTICATED' });
  find = finder(['token']);
  expect(await by('', ['web.example.com'])).toMatchObject({ code: 'UNAUTHENTICATED' });
});
