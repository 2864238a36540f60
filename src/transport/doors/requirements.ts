/** What a gateway's configuration asks of a token: audience and scopes, by query, header or extension. */

import type { Question } from '../../verify/verify.ts';
import { questionLimits, scopeToken } from '../services/question.ts';

/** What is asked of a token, besides being good. */
export type Requirements = Required<Pick<Question, 'audience' | 'requiredScopes'>>;

/** What one place asks, as often as it says so. */
export interface Asked {
  audiences: readonly string[];
  /** Each a list of scopes, separated by spaces. */
  scopes: readonly string[];
}

/**
 * Brings together all that is asked, wherever it is said: each place can only add to it. A string
 * says what is wrong; a request must then be refused, since what it needs is not known.
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
