/**
 * Hands a sign-in that the provider has confirmed over to the page. The provider leads the browser here by
 * a redirect, which cannot give the page a secret. So the redirect goes on to the page with a one-time code
 * behind the "#", and the rest is in a sealed cookie: either alone opens nothing.
 */

import { hash, randomBytes } from 'node:crypto';
import type { SignInMethod } from '../people/session-list.ts';
import { createSealedCookies } from './sealed-cookie.ts';

/** Who may open a session. */
export interface Confirmed {
  /** As in Caller. */
  actor: string;
  how: SignInMethod;
  /** When they showed who they are, in milliseconds since 1970. */
  at: number;
  /** The ID token, with which the provider ends its own session too; absent for none. */
  idToken?: string;
}

/** Makes and reads hand-overs. */
export interface Handoffs {
  /** A new one: its code, and the Set-Cookie header. */
  begin(confirmed: Confirmed, isSecure: boolean): { code: string; cookie: string };
  /**
   * What the code of a Cookie header's hand-over confirms; undefined for another code. A code can be
   * redeemed again: the session that it opens is what exists only once.
   */
  redeem(cookies: string | undefined, code: string): Confirmed | undefined;
}

/** The page sends the code as soon as it has loaded. */
const lifetimeMs = 120_000;

/** A longer one does not fit into a cookie. */
const idTokenLengthMax = 2500;

/** Creates it. */
export function createHandoffs(keys: () => readonly Uint8Array[], now: () => number): Handoffs {
  const cookies = createSealedCookies<Confirmed & { codeHash: string }>(
    { name: 'usher-handoff', lifetimeMs, sameSite: 'Strict' },
    keys,
    now,
  );
  return {
    begin({ idToken = '', ...rest }, isSecure) {
      // Without it the provider asks whether to sign out.
      const confirmed = idToken.length > idTokenLengthMax ? rest : { ...rest, idToken };
      const code = randomBytes(32).toString('base64url');
      return { code, cookie: cookies.write({ ...confirmed, codeHash: hashOf(code) }, isSecure) };
    },
    redeem(header, code) {
      const found = cookies.read(header);
      if (found === undefined || found.codeHash !== hashOf(code)) return undefined;
      const { codeHash: _codeHash, ...confirmed } = found;
      return confirmed;
    },
  };
}

function hashOf(code: string): string {
  return hash('sha256', code, 'base64url');
}
