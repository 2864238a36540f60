/** The rules of USHER_OIDC_ROLES: how they are read, and what they give. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { granted, readRoleRules } from '../../src/people/role-rules.ts';
import { readConfig, SettingsError } from '../../src/settings/config.ts';

test('reads claims, values, roles and owners', () => {
  const text =
    'groups=platform-admins:admin, groups=payments:keeper(payments|billing),email=*@example.com:viewer, ' +
    'https://example.com/roles=a:b:auditor, realm_access.roles="cn=x, ou=y":issuer( web team )';
  expect(readRoleRules(text)).toEqual([
    { claim: 'groups', value: 'platform-admins', role: 'admin' },
    { claim: 'groups', value: 'payments', role: 'keeper', owners: ['payments', 'billing'] },
    { claim: 'email', value: '*@example.com', role: 'viewer' },
    { claim: 'https://example.com/roles', value: 'a:b', role: 'auditor' },
    { claim: 'realm_access.roles', value: 'cn=x, ou=y', role: 'issuer', owners: ['web team'] },
  ]);
});

test.each([
  ['', /has no rule/],
  ['groups', /without the name of a claim \(rule 1\)/],
  ['=a:admin', /without the name of a claim \(rule 1\)/],
  ['groups=a:admin, groups=b', /without a role \(rule 2\)/],
  ['groups=a:admin,', /without the name of a claim \(rule 2\)/],
  ['groups=:admin', /without a value of its claim \(rule 1\)/],
  ['groups=a:owner', /whose role is none of viewer, issuer, keeper, admin, auditor \(rule 1\)/],
  ['groups=a:Admin', /whose role is none of/],
  ['groups=a:keeper()', /an owner that is empty .* \(rule 1\)/],
  ['groups=a:keeper(a|)', /an owner that is empty .* \(rule 1\)/],
  ['groups="a:admin', /a quote that does not end/],
])('%j is refused at the start, and the part that is wrong is named', (roles, message) => {
  expect(() => readRoleRules(roles)).toThrow(message);
  const env = { USHER_OIDC_ISSUER: 'https://login.example.com', USHER_OIDC_CLIENT_ID: 'usher' };
  const start = () => readConfig({ ...env, USHER_OIDC_ROLES: roles });
  expect(start).toThrow(SettingsError);
  expect(start).toThrow(/^USHER_OIDC_ROLES has/);
});

test('the settings of the provider belong together', () => {
  const mistakesOf = (env: Record<string, string>) => {
    try {
      readConfig(env);
      return [];
    } catch (error) {
      return (error as SettingsError).mistakes;
    }
  };
  const issuer = { USHER_OIDC_ISSUER: 'https://login.example.com' };
  expect(mistakesOf(issuer)).toMatchObject([
    expect.stringMatching(/^USHER_OIDC_CLIENT_ID is required/),
    expect.stringMatching(/^USHER_OIDC_ROLES is required/),
  ]);
  expect(mistakesOf({ USHER_OIDC_CLIENT_SECRET: 'x' })).toMatchObject([
    expect.stringMatching(/^USHER_OIDC_CLIENT_SECRET is set without USHER_OIDC_ISSUER/),
  ]);
  for (const wrong of [
    'login.example.com',
    'http://login.example.com',
    'https://a@b.example.com',
  ]) {
    expect(mistakesOf({ USHER_OIDC_ISSUER: wrong })[0]).toMatch(/^USHER_OIDC_ISSUER /);
  }
  expect(mistakesOf({ USHER_OIDC_SCOPE: 'profile' })).toMatchObject([
    expect.stringMatching(/^USHER_OIDC_SCOPE lacks openid/),
  ]);
});

const rules = readRoleRules(
  'groups=a:keeper(x), groups=b:keeper(y|x), groups=all:keeper, groups=a:admin, email=*@example.com:viewer, ' +
    'realm.roles=r:auditor, https://example.com/x.y=z:issuer, groups=c*e:issuer',
);

test.each<[string, object, object | undefined]>([
  ['one group', { groups: 'a' }, { role: 'keeper', owners: ['x'] }],
  [
    'the owners of all rules of its role',
    { groups: ['b', 'a'] },
    { role: 'keeper', owners: ['x', 'y'] },
  ],
  ['no limit, if one rule has none', { groups: ['a', 'all'] }, { role: 'keeper' }],
  ['a path', { realm: { roles: ['q', 'r'] } }, { role: 'auditor' }],
  ['a name with dots', { 'https://example.com/x.y': 'z' }, { role: 'issuer' }],
  ['a star in the middle', { groups: ['code'] }, { role: 'issuer' }],
  [
    'another letter that folds to the same',
    { email: 'x@example.\u212aom', email_verified: true },
    undefined,
  ],
  ['a verified address', { email: 'Ann@Example.COM', email_verified: true }, { role: 'viewer' }],
  [
    'an address that is not verified',
    { email: 'ann@example.com', email_verified: false },
    undefined,
  ],
  ['an address of which that is not said', { email: 'ann@example.com' }, undefined],
  ['another address', { email: 'ann@example.com.evil.org', email_verified: true }, undefined],
  ['a group in other letters', { groups: ['A'] }, undefined],
  ['a part of a group', { groups: ['ab', 'ca'] }, undefined],
  ['a claim of the prototype', { __proto__: { groups: 'a' } }, undefined],
  ['an object for a text', { groups: { a: 'a' } }, undefined],
  ['nothing', {}, undefined],
])('gives by %s', (_, claims, expected) => {
  expect(granted(rules, claims as never)).toEqual(expected);
});

test('stars stand for any characters, however many there are', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(text, pattern, (value, written) => {
      const [given] = readRoleRules(`groups=${written}:viewer`);
      const regexp = new RegExp(`^${written.replaceAll('*', '.*')}$`, 's');
      const found = granted(given ? [given] : [], { groups: [value] });
      expect(found !== undefined).toBe(regexp.test(value));
    }),
  );
});
