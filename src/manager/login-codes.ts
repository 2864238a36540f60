/** One-time login codes: they make up the login links that the first start and `usher login` print. */

import { hash, randomBytes } from 'node:crypto';
import type { ManagerLimits } from './limits.ts';

/** Who asked for a login code, and when (milliseconds since 1970). */
export interface LetIn {
  actor: string;
  at: number;
}

/** Issues and redeems login codes. */
export interface LoginCodes {
  /** A new code, which signs in once as `actor`. Drops the oldest code if there are too many. */
  issue(actor: string): string;
  /** Uses up a code and returns who asked for it; undefined if it is unknown, used or expired. */
  redeem(code: string): LetIn | undefined;
}

/** Login codes in memory, stored as hashes; `now` is in milliseconds since 1970. */
export function createLoginCodes(options: {
  now: () => number;
  limits: ManagerLimits;
}): LoginCodes {
  const { now, limits } = options;
  const open = new Map<string, LetIn>();
  return {
    issue(actor) {
      const code = randomBytes(32).toString('base64url');
      if (open.size >= limits.loginCodesMax) {
        const [oldest = ''] = open.keys();
        open.delete(oldest);
      }
      open.set(hash('sha256', code), { actor, at: now() });
      return code;
    },
    redeem(code) {
      const digest = hash('sha256', code);
      const entry = open.get(digest);
      open.delete(digest);
      return entry && now() < entry.at + limits.loginCodeLifetimeMs ? entry : undefined;
    },
  };
}
