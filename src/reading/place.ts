/** Names a place in JSON, as `requests[0].scopes`. */

/** The names of members and the indexes of entries that lead to a place, from the outside. */
export type Place = readonly (string | number)[];

/** The longest name that a message repeats, in characters: a longer one may be a token. */
export const nameCharactersMax = 40;

/** The place as text; names that are no identifiers are quoted, and long ones left out. */
export function pathOf(place: Place): string {
  return place
    .map((part, depth) => {
      if (typeof part === 'number') return `[${part}]`;
      if (part.length > nameCharactersMax) return '["…"]';
      if (!/^[\w-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
      return depth === 0 ? part : `.${part}`;
    })
    .join('');
}
