/**
 * Short-lived cookies that hold what a sign-in needs between two requests. They are sealed, so that every
 * worker and server with the keys can go on with it, and no other can read or make one.
 */

import { sealText, unsealText } from '../verify/seal.ts';

/** What a cookie of this kind is. */
export interface SealedCookieKind {
  /** Its name, without the prefix that it has over TLS. */
  name: string;
  /** How long it is accepted, in milliseconds. */
  lifetimeMs: number;
  /**
   * `Strict`, or `Lax` for one that the browser must also send when another site's page, such as the
   * provider's, leads here.
   */
  sameSite: 'Strict' | 'Lax';
}

/** Reads and writes the cookies of one kind. `suffix` tells several of them apart. */
export interface SealedCookies<T> {
  /** The Set-Cookie header. */
  write(value: T, isSecure: boolean, suffix?: string): string;
  /** The value of the cookie in a Cookie header; undefined for none, one that is too old, or forged. */
  read(header: string | undefined, suffix?: string): T | undefined;
  /** The Set-Cookie header that removes it. */
  clear(isSecure: boolean, suffix?: string): string;
}

/** Browsers store no longer ones. */
const charactersMax = 4000;

/** Creates them. `keys` has at least one key of 32 bytes; the first seals, all open. */
export function createSealedCookies<T extends object>(
  { name, lifetimeMs, sameSite }: SealedCookieKind,
  keys: () => readonly Uint8Array[],
  now: () => number,
): SealedCookies<T> {
  const purpose = `usher web app cookie ${name}, version 1`;
  const nameOf = (isSecure: boolean, suffix: string) =>
    `${isSecure ? '__Host-' : ''}${name}${suffix === '' ? '' : `-${suffix}`}`;
  const header = (isSecure: boolean, suffix: string, value: string, seconds: number) => {
    const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}`;
    return `${nameOf(isSecure, suffix)}=${value}; ${attributes}${isSecure ? '; Secure' : ''}`;
  };
  const open = (sealed: string): T | undefined => {
    if (sealed.length > charactersMax) return undefined;
    const opened = keys().map(key => unsealText(key, sealed, purpose));
    const text = opened.find(each => each !== undefined);
    if (text === undefined) return undefined;
    const { until, value } = JSON.parse(text) as { until: number; value: T };
    return until > now() ? value : undefined;
  };
  return {
    write(value, isSecure, suffix = '') {
      const text = JSON.stringify({ until: now() + lifetimeMs, value });
      const sealed = sealText(keys()[0] as Uint8Array, text, purpose);
      return header(isSecure, suffix, sealed, Math.ceil(lifetimeMs / 1000));
    },
    read(cookies = '', suffix = '') {
      // Another port of this host can set the one without the prefix: it cannot seal it.
      const names = [nameOf(true, suffix), nameOf(false, suffix)];
      const values = cookies
        .split(';')
        .map(part => part.trim().split('='))
        .filter(([found = '']) => names.includes(found))
        .map(([, value = '']) => open(value));
      return values.find(value => value !== undefined);
    },
    clear: (isSecure, suffix = '') => header(isSecure, suffix, '', 0),
  };
}
