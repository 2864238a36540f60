/** The session's cookie: its names, its attributes, and how it is read from a request. */

/** Over TLS; browsers take it from this host alone, and only encrypted. */
const secureName = '__Host-usher-session';
const plainName = 'usher-session';

/** The session cookie's value in a Cookie header; undefined without exactly one such cookie. */
export function readCookie(header: string | undefined): string | undefined {
  return cookieNamed(secureName, header) ?? cookieNamed(plainName, header);
}

/** The Set-Cookie header that stores a session in the browser for `seconds`; 0 deletes it. */
export function sessionCookie(value: string, seconds: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  if (secure) return `${secureName}=${value}; ${attributes}; Secure`;
  return `${plainName}=${value}; ${attributes}`;
}

function cookieNamed(name: string, header = ''): string | undefined {
  const prefix = `${name}=`;
  const values = header
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith(prefix));
  // Two cookies of this name mean that another site set one of them, so neither is trusted.
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined;
}
