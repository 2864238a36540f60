/** Validates what a service requires of tokens, before the server would reject it. */

import { hint } from '../reading/nearest.ts';
import type { Question } from './verdict-cache.ts';

/** The server's limits. */
const audienceCharactersMax = 256;
const scopesMax = 64;
/** A scope-token (RFC 6749 section 3.3): printable ASCII without space, `"` and `\`. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Throws TypeError for an audience or scopes that the server would reject. */
export function checkRequirement({ audience, scopes }: Pick<Question, 'audience' | 'scopes'>) {
  if (audience.length > audienceCharactersMax || !audience.isWellFormed()) {
    throw new TypeError(`audience must be text of at most ${audienceCharactersMax} characters`);
  }
  if (scopes.length > scopesMax) throw new TypeError(`scopes has more than ${scopesMax} scopes`);
  for (const [at, scope] of scopes.entries()) {
    if (!scopeToken.test(scope)) {
      throw new TypeError(`scopes[${at}] is not a scope token of RFC 6749 section 3.3`);
    }
  }
}

const names = ['audience', 'scopes', 'source', 'trace'];

/**
 * What is wrong with the names in a requirement; undefined for nothing. A misspelt one would require
 * nothing, so that every valid token passed.
 */
export function misspelt(requirement: object | undefined): TypeError | undefined {
  for (const name in requirement) {
    if (name !== 'audience' && name !== 'scopes' && name !== 'source' && name !== 'trace') {
      return unknownName('a requirement', name, names);
    }
  }
  return undefined;
}

/** The error for a member that is not known. */
export function unknownName(of: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`${of} has no member ${name}${hint(name, known)}`);
}
