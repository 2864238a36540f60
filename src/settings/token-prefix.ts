/** The setting with what tokens begin with, and the patterns by which scanners find them. */

import { defaultPrefix, isPrefix, secretKeyPrefix } from '../verify/static-token.ts';
import type { Setting } from './setting.ts';
import { Mistake } from './values.ts';

/** The setting. */
export const tokenPrefix = {
  name: 'USHER_TOKEN_PREFIX',
  meaning:
    'What new tokens begin with: `acme` makes tokens `acme_…` and secret keys `acmek_…`; tokens with other ' +
    'prefixes stay valid (docs/leaks.md)',
  range: '2 to 20 lower-case letters and digits, `_` between them',
  default: defaultPrefix,
  read: readTokenPrefix,
} as const satisfies Setting<string>;

/** Parses a prefix; throws Mistake. */
export function readTokenPrefix(text: string): string {
  if (isPrefix(text)) return text;
  if (text === secretKeyPrefix(defaultPrefix)) {
    throw new Mistake('is what secret keys of other servers begin with; choose another');
  }
  if (text.endsWith('_'))
    throw new Mistake('ends with "_", which is put behind it; leave that out');
  throw new Mistake(
    'is not 2 to 20 lower-case letters and digits, with "_" between them, that begin with a letter',
  );
}

/** Regular expressions, in what all engines have in common. */
export interface ScannerPatterns {
  /** Static tokens. */
  token: string;
  /** Secret keys that sign JWTs. */
  secretKey: string;
}

/** The patterns of what is made with a prefix. Both end in six check digits. */
export function scannerPatterns(prefix: string): ScannerPatterns {
  return {
    token: `${prefix}_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}`,
    secretKey: `${secretKeyPrefix(prefix)}_[0-9A-Za-z]{49}`,
  };
}
