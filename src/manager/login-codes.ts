/** One-time login codes: they make up the login link that the server prints at its first start. */

import { hash, randomBytes } from 'node:crypto';
import type { ManagerLimits } from './limits.ts';

/** Issues and redeems login codes. */
export interface LoginCodes {
  /** A new code, which signs in once as `actor`. Drops the oldest code if there are too many. */
  issue(actor: string): string;
  /** Uses up a code and returns its actor; undefined if it is unknown, used or expired. */
  redeem(code: string): string | undefined;
}

/** Login codes in memory, stored as hashes; `now` is in milliseconds since 1970. */
export function createLoginCodes(options: {
  now: () => number;
  limits: ManagerLimits;
}): LoginCodes {
  const { now, limits } = options;
  const open = new Map<string, { actor: string; until: number }>();
  return {
    issue(actor) {
      const code = randomBytes(32).toString('base64url');
      if (open.size >= limits.loginCodesMax) {
        const [oldest = ''] = open.keys();
        open.delete(oldest);
      }
      open.set(hash('sha256', code), { actor, until: now() + limits.loginCodeLifetimeMs });
      return code;
    },
    redeem(code) {
      const digest = hash('sha256', code);
      const entry = open.get(digest);
      open.delete(digest);
      return entry && entry.until > now() ? entry.actor : undefined;
    },
  };
}
