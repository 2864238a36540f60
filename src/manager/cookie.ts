/** The session's cookie: its name, its attributes, and how it is read from a request. */

/** Reads the session cookie's value out of a Cookie header; undefined when there is none. */
export function readCookie(header: string | undefined, secure: boolean): string | undefined {
  const prefix = `${cookieName(secure)}=`;
  const values = (header ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith(prefix));
  // Two of one name mean that someone else set one of them: neither is trusted.
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined;
}

/** The Set-Cookie header that keeps a session in the browser for `seconds`; 0 removes it. */
export function sessionCookie(value: string, seconds: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return `${cookieName(secure)}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}

function cookieName(secure: boolean): string {
  return secure ? '__Host-usher-session' : 'usher-session';
}
