/** Validates the audience and scopes that a gateway's configuration requires of a token. */

import type { Question } from '../../verify/verify.ts';
import { questionLimits, scopeToken } from '../services/question.ts';

/** What a valid token must have in addition. */
export type Requirements = Required<Pick<Question, 'audience' | 'requiredScopes'>>;

/** The requirements stated in one source: query, headers or context extensions. */
export interface Asked {
  /** Empty strings count as absent. */
  audiences: readonly string[];
  /** Each is a list of scopes separated by spaces. */
  scopes: readonly string[];
}

/**
 * Combines the requirements of all sources. Returns a description of the error if they are invalid;
 * the request must then be refused.
 */
export function requirementsOf(...places: readonly (Asked | string)[]): Requirements | string {
  const audiences: string[] = [];
  const requiredScopes: string[] = [];
  for (const place of places) {
    if (typeof place === 'string') return place;
    audiences.push(...place.audiences.filter(value => value !== ''));
    const scopes = place.scopes.flatMap(list => list.split(' '));
    requiredScopes.push(...scopes.filter(scope => scope !== ''));
  }
  const [audience = '', ...others] = audiences;
  if (others.some(other => other !== audience)) return 'two audiences are required';
  if (audience.length > questionLimits.audienceCharactersMax) return 'the audience is too long';
  if (requiredScopes.length > questionLimits.requiredScopesMax) {
    return 'too many scopes are required';
  }
  if (!requiredScopes.every(scope => scopeToken.test(scope))) return 'a scope is malformed';
  return { audience, requiredScopes };
}

/** Whether the upstream gets the credential. */
export interface CredentialUse {
  isKept: boolean;
  /** What is wrong with the word; absent for nothing. */
  fault?: string;
}

/** Reads `keep` or `remove`; without a word the credential is kept. */
export function credentialOf(word: string | string[] | undefined): CredentialUse {
  if (word === undefined || word === '' || word === 'keep') return { isKept: true };
  if (word === 'remove') return { isKept: false };
  return { isKept: false, fault: 'credential is neither keep nor remove' };
}
