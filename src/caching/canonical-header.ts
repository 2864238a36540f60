/** One spelling for equal Authorization headers, so that caches hold one entry for all. */

/** Written without backtracking, since a header can be long and consist of blanks only. */
export const bearer = /^bearer(?:[ \t]+([^ \t].*)?)?$/i;

const space = 0x20;
const tab = 0x09;

/**
 * The header without blanks around it and, where it has the scheme, with `Bearer` and one space
 * before the token. Returns the same string where it is spelt like that, as it nearly always is.
 */
export function canonicalHeader(header: string): string {
  if (isBlank(header.charCodeAt(header.length - 1))) return respelt(header);
  if (header.startsWith('Bearer ')) return isBlank(header.charCodeAt(7)) ? respelt(header) : header;
  const first = header.charCodeAt(0);
  return isBlank(first) || first === 0x42 || first === 0x62 ? respelt(header) : header;
}

function respelt(header: string): string {
  const value = trimBlanks(header);
  const token = bearer.exec(value)?.[1];
  return token === undefined ? value : `Bearer ${token}`;
}

/** Trims spaces and tabs (RFC 9110 section 5.5). A regex would take quadratic time. */
export function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
