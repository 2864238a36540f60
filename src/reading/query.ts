/** Finds query parameters that nothing reads. */

import { hint } from './nearest.ts';
import { nameCharactersMax } from './place.ts';

/**
 * What is wrong with the query of a request target (RFC 9112 section 3.2.1): a parameter that is not
 * among `known`. The text holds the parameter's name, never its value.
 */
export function queryFault(target: string, known: readonly string[]): string | undefined {
  const start = target.indexOf('?');
  if (start === -1 || start === target.length - 1) return undefined;
  for (const name of new URLSearchParams(target.slice(start + 1)).keys()) {
    if (!known.includes(name)) return unknownParameter(name, known);
  }
  return undefined;
}

/** The text for a parameter that is not known. */
export function unknownParameter(name: string, known: readonly string[]): string {
  const isShown = name.length <= nameCharactersMax;
  const named = isShown ? `query parameter ${JSON.stringify(name)}` : 'a query parameter';
  return `${named} is not known${hint(name, known)}`;
}
