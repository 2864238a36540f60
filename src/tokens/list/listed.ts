/** What a list filters and orders access tokens by: the short form of a record that is kept in memory. */

import type { AccessTokenRecord, Kind } from '../../store/record.ts';

/** A word that many access tokens share, kept once. */
export interface SharedWord {
  readonly text: string;
  /** In lower case. */
  readonly folded: string;
}

/** The scopes of an access token, which many others have too. */
export interface SharedScopes {
  readonly words: readonly string[];
  /** In lower case, one a line. */
  readonly folded: string;
}

/** An access token, as far as lists need it. Times are milliseconds since 1970. */
export interface Listed {
  readonly id: string;
  readonly revision: number;
  readonly kind: Kind;
  /** The name in lower case. */
  readonly name: string;
  readonly owner: SharedWord | undefined;
  readonly scopes: SharedScopes;
  /** The actor that created it; absent where that is not known. */
  readonly madeBy: SharedWord | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** 0 for never, and as long as it was not read. */
  lastUsedAt: number;
  /** When that was seen here; the time of the use itself where it was read first. */
  useSeenAt: number;
}

/** Makes the short forms of records, which share their owners and scopes. */
export interface Shortener {
  shorten(record: AccessTokenRecord, use?: Pick<Listed, 'lastUsedAt' | 'useSeenAt'>): Listed;
  /** What all that it shares takes, in bytes. */
  readonly bytes: number;
}

/** What a short form takes without its texts, with its place in a map, in bytes: measured with V8. */
const fixedBytes = 280;
/** The same of a word, and of a list of scopes. */
const sharedBytes = 200;

/** What a short form takes beside what it shares, in bytes. */
export function bytesOf({ id, name }: Listed): number {
  return fixedBytes + id.length + 2 * name.length;
}

const unused = { lastUsedAt: 0, useSeenAt: 0 };

/** Creates it. */
export function createShortener(): Shortener {
  const words = new Map<string, SharedWord>();
  const scopes = new Map<string, SharedScopes>();
  let bytes = 0;
  const share = <T>(held: Map<string, T>, key: string, make: () => T): T => {
    const found = held.get(key);
    if (found !== undefined) return found;
    const made = make();
    held.set(key, made);
    bytes += sharedBytes + 6 * key.length;
    return made;
  };
  const word = (text: string | undefined) =>
    text === undefined
      ? undefined
      : share(words, text, () => ({ text, folded: text.toLowerCase() }));
  return {
    get bytes() {
      return bytes;
    },
    shorten({ id, revision, kind, name, owner, ...record }, use = unused) {
      const { createdAt, createdBy, expiresAt, revokedAt } = record;
      const folded = record.scopes.join('\n').toLowerCase();
      return {
        ...{ id, revision, kind, createdAt, expiresAt, revokedAt },
        ...{ lastUsedAt: use.lastUsedAt, useSeenAt: use.useSeenAt },
        name: name.toLowerCase(),
        owner: word(owner),
        madeBy: word(createdBy),
        scopes: share(scopes, record.scopes.join('\n'), () => ({ words: record.scopes, folded })),
      };
    },
  };
}
