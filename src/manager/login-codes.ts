/** One-time login codes: the link that the server prints at its first start. */

import { hash, randomBytes } from 'node:crypto';
import type { ManagerLimits } from './limits.ts';

/** Makes and redeems login codes. */
export interface LoginCodes {
  /** A code with which someone signs in once as `actor`. */
  issue(actor: string): string;
  /** The actor of a code, this once. */
  redeem(code: string): string | undefined;
}

/** Login codes in memory; only their hashes are kept. */
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
