/** What a gateway's configuration asks of a token: audience and scopes, by query, header or extension. */

import type { Question } from '../verify/verify.ts';
import { questionLimits, scopeToken } from './question.ts';

/** What is asked of a token, besides being good. */
export type Requirements = Required<Pick<Question, 'audience' | 'requiredScopes'>>;

/**
 * Brings together all that is asked, wherever it is said: each can only add to it. A string says
 * what is wrong with it; a request must then be refused, since what it needs is not known.
 */
export function requirementsOf(
  audiences: readonly string[],
  scopeLists: readonly string[],
): Requirements | string {
  const [audience = '', ...others] = audiences.filter(value => value !== '');
  if (others.some(other => other !== audience)) return 'two audiences are required';
  if (audience.length > questionLimits.audienceCharactersMax) return 'the audience is too long';
  const requiredScopes = scopeLists.flatMap(list => list.split(' ')).filter(scope => scope !== '');
  if (requiredScopes.length > questionLimits.requiredScopesMax) {
    return 'too many scopes are required';
  }
  if (!requiredScopes.every(scope => scopeToken.test(scope))) return 'a scope is malformed';
  return { audience, requiredScopes };
}
