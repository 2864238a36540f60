/** Brings a form up to date with what someone else changed meanwhile. */

import type { TokenForm } from '../tokens/token-form.ts';

/** What became of the form. */
export interface Rebased {
  /** The user's values where they changed something, the newest ones elsewhere. */
  values: TokenForm;
  /** The fields that the other one changed. */
  theirs: (keyof TokenForm)[];
  /** Those of them that the user changed too, to another value: saving overwrites them. */
  both: (keyof TokenForm)[];
}

/** `mine` was typed over `before`, and the access token is `now`. */
export function rebase(before: TokenForm, mine: TokenForm, now: TokenForm): Rebased {
  const names = Object.keys(now) as (keyof TokenForm)[];
  const differs = (a: TokenForm, b: TokenForm, name: keyof TokenForm) =>
    JSON.stringify(a[name]) !== JSON.stringify(b[name]);
  const theirs = names.filter(name => differs(before, now, name));
  const own = names.filter(name => differs(before, mine, name));
  const kept = Object.fromEntries(own.map(name => [name, mine[name]]));
  return {
    values: { ...now, ...kept },
    theirs,
    both: theirs.filter(name => own.includes(name) && differs(mine, now, name)),
  };
}

const labels: Record<keyof TokenForm, string> = {
  name: 'name',
  owner: 'owner',
  scopes: 'scopes',
  grantableScopes: 'scopes it may give',
  audiences: 'audiences',
  lifetimeSeconds: 'longest JWT lifetime',
  expiry: 'expiry',
  expireAt: 'expiry',
  metadata: 'metadata',
  allowedSources: 'allowed addresses',
  rateRequests: 'rate limit',
  rateWindow: 'rate limit',
  ratePer: 'rate limit',
  quotaRequests: 'quota',
  quotaPeriod: 'quota',
  quotaPer: 'quota',
};

/** The names of fields as the form shows them, each once. */
export function sayFields(fields: readonly (keyof TokenForm)[]): string {
  return [...new Set(fields.map(name => labels[name]))].join(', ');
}
