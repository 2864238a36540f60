/** Finds the client certificates that may ask for verdicts, by the names in them (USHER_TLS_CLIENT_SANS). */

/** A name that is let in. */
export interface ClientSan {
  /** A DNS name or a SPIFFE id; `*` in its first label, or as the last part of its path, is any one. */
  name: string;
  /** Its callers learn only of this owner's tokens; absent for no such limit. */
  owner?: string;
}

/** The first entry that one of the names of a certificate is an instance of; undefined for none. */
export type FindSan = (names: readonly string[]) => ClientSan | undefined;

/** Creates it. DNS names are compared without case (RFC 4343), SPIFFE ids as they are. */
export function createFindSan(sans: readonly ClientSan[]): FindSan {
  const patterns = sans.map(san => ({ san, pattern: patternOf(san.name) }));
  return names =>
    names.length === 0
      ? undefined
      : patterns.find(({ pattern }) => names.some(name => pattern.test(name)))?.san;
}

/**
 * What a star stands for. A certificate for `*.example.com` itself matches none, and a segment of dots is none
 * (the SPIFFE ID standard, section 2.2).
 */
const label = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?';
const segment = '(?!\\.{1,2}$)[A-Za-z0-9._-]+';

function patternOf(name: string): RegExp {
  const isSpiffe = name.startsWith('spiffe://');
  const any = isSpiffe ? segment : label;
  const text = name
    .split('*')
    .map(part => RegExp.escape(part))
    .join(any);
  return new RegExp(`^${text}$`, isSpiffe ? '' : 'i');
}
