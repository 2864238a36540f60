/** The settings of the sign-in by an OpenID provider. */

import { type RoleRule, RoleRuleError, readRoleRules } from '../people/role-rules.ts';
import type { Config } from './config.ts';
import type { Setting } from './setting.ts';
import { Mistake } from './values.ts';

/** The settings, by their names in Config. */
export const oidcSettings = {
  oidcIssuer: {
    name: 'USHER_OIDC_ISSUER',
    meaning:
      'Issuer of the OpenID provider by which people sign in to the API Manager (docs/people.md)',
    range: '`https://` address; `http://` for a loopback address that USHER_OUTBOUND_ALLOW names',
    without: 'no sign-in by a provider',
    read: issuer,
  },
  oidcClientId: {
    name: 'USHER_OIDC_CLIENT_ID',
    meaning: 'What the provider knows Usher as',
    range: '1 to 256 printable characters',
    without: 'none; required with USHER_OIDC_ISSUER',
    read: printable,
  },
  oidcClientSecret: {
    name: 'USHER_OIDC_CLIENT_SECRET',
    meaning: 'Secret of Usher at the provider',
    range: '1 to 256 printable characters',
    without: 'none: a public client',
    secret: true,
    read: printable,
  },
  oidcRoles: {
    name: 'USHER_OIDC_ROLES',
    meaning:
      'Who gets which role, by the claims of the provider: the first rule that matches gives the role, and ' +
      'further ones of the same role add their owners',
    range:
      '`claim=value:role` or `claim=value:role(owner|owner)`, separated by commas, such as ' +
      '`groups=platform:admin, groups=payments:keeper(payments|billing), email=*@example.com:viewer`; roles: ' +
      '`viewer`, `issuer`, `keeper`, `admin`, `auditor`; `email` counts if `email_verified` is true',
    without: 'none; required with USHER_OIDC_ISSUER',
    read: roleRules,
  },
  oidcScope: {
    name: 'USHER_OIDC_SCOPE',
    meaning: 'Scopes that Usher asks the provider for',
    range: 'names separated by spaces, `openid` among them',
    default: 'openid profile email',
    read: scope,
  },
} as const satisfies Record<string, Setting<unknown>>;

function issuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === 'http:';
  if (url === undefined || !(isPlain || url.protocol === 'https:') || url.search || url.hash) {
    throw new Mistake('is not an https address without a query, such as https://login.example.com');
  }
  if (url.username || url.password) throw new Mistake('holds a user or password; leave them out');
  if (isPlain && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) {
    throw new Mistake('is a plain http address of another machine; use https');
  }
  return text;
}

function printable(text: string): string {
  if (/^[\x21-\x7e]{1,256}$/.test(text)) return text;
  throw new Mistake('is not 1 to 256 printable characters without spaces');
}

function roleRules(text: string): RoleRule[] {
  try {
    return readRoleRules(text);
  } catch (error) {
    throw error instanceof RoleRuleError ? new Mistake(error.message) : error;
  }
}

function scope(text: string): string {
  const names = text.split(' ').filter(name => name !== '');
  if (!names.every(name => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(name))) {
    throw new Mistake('has a name with characters that no scope has');
  }
  if (names.includes('openid')) return names.join(' ');
  throw new Mistake('lacks openid, without which the provider names no person');
}

/** A sentence for each setting that is missing, or has no meaning without another one. */
export function oidcMistakes(config: Partial<Config>): string[] {
  const { oidcIssuer, oidcClientId, oidcClientSecret, oidcRoles } = config;
  const given = { oidcClientId, oidcClientSecret, oidcRoles };
  if (oidcIssuer === undefined) {
    return Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([key]) => {
        const { name } = oidcSettings[key as keyof typeof given];
        return `${name} is set without USHER_OIDC_ISSUER; set the issuer too, or unset it`;
      });
  }
  const needed = { oidcClientId, oidcRoles };
  return Object.entries(needed)
    .filter(([, value]) => value === undefined)
    .map(([key]) => {
      const { name } = oidcSettings[key as keyof typeof needed];
      return `${name} is required with USHER_OIDC_ISSUER; ${advice[key as keyof typeof needed]}`;
    });
}

const advice = {
  oidcClientId: 'the provider gives it when you register Usher there',
  oidcRoles: 'without a rule no one can sign in; an example is groups=platform:admin',
};
