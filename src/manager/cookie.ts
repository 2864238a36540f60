/** The session's cookie: its name, its attributes, and how it is read from a request. */

/** The session cookie's value in a Cookie header; undefined without exactly one such cookie. */
export function readCookie(header: string | undefined, secure: boolean): string | undefined {
  const prefix = `${cookieName(secure)}=`;
  const values = (header ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith(prefix));
  // Two cookies of this name mean that another site set one of them, so neither is trusted.
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined;
}

/** The Set-Cookie header that stores a session in the browser for `seconds`; 0 deletes it. */
export function sessionCookie(value: string, seconds: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return `${cookieName(secure)}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}

function cookieName(secure: boolean): string {
  return secure ? '__Host-usher-session' : 'usher-session';
}
