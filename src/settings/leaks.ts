/** The settings of reports of leaked credentials. */

import type { Setting } from './setting.ts';
import { Mistake, oneOf } from './values.ts';

const policies = ['revoke', 'flag'] as const;

/** The settings, by their names in Config. */
export const leakSettings = {
  leakPolicy: {
    name: 'USHER_LEAK_POLICY',
    meaning:
      'What happens to a credential that was reported as leaked (docs/leaks.md): it is revoked, or only ' +
      'flagged for people to decide',
    range: policies.map(policy => `\`${policy}\``).join(', '),
    default: 'revoke',
    read: oneOf(policies),
  },
  leakGithub: {
    name: 'USHER_LEAK_GITHUB',
    meaning:
      "Whether `POST /leaks/github` on the HTTP listener takes the reports of GitHub's secret scanning; an " +
      "address names another list of keys than GitHub's",
    range: '`on`, `off`, or an `https://` address',
    default: 'off',
    read: leakGithub,
  },
  leakSecret: {
    name: 'USHER_LEAK_SECRET',
    meaning:
      'Secret by which reports to `POST /leaks` on the HTTP listener are signed, as Standard Webhooks has it; ' +
      'without it there is no such path',
    range: '`whsec_` and the base64 of 24 to 64 bytes',
    without: 'none',
    secret: true,
    read: leakSecret,
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Parses the switch of GitHub's reports: off, on, or the address of a list of keys. */
function leakGithub(text: string): string {
  if (text === 'on' || text === 'off') return text;
  // Whether http is possible is decided by USHER_OUTBOUND_ALLOW.
  if (URL.canParse(text) && /^https?:\/\//.test(text)) return text;
  throw new Mistake('is not on, off or an https address');
}

/** Parses a secret as Standard Webhooks writes it. */
function leakSecret(text: string): Uint8Array {
  const base64 = text.startsWith('whsec_') ? text.slice('whsec_'.length) : '';
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  if (isWhole && bytes.length >= 24 && bytes.length <= 64) return bytes;
  throw new Mistake(
    'is not whsec_ and the base64 of 24 to 64 bytes; make one with: ' +
      'echo "whsec_$(openssl rand -base64 32)"',
  );
}
