/** Finds the name that was probably meant by one that is not known. */

/** Longer names are not compared: the work grows with the product of both lengths. */
const charactersMax = 64;

/**
 * The known name that is nearest to `name`, ignoring case and signs; undefined when none is near.
 * One that contains the other is near, as `scopes` and `required_scopes` are.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > charactersMax) return undefined;
  const asked = plain(name);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(asked.length / 2)) + 1;
  for (const each of known) {
    const distance = distanceOf(asked, plain(each));
    if (distance < least) [best, least] = [each, distance];
  }
  return best;
}

/** The nearest known name as the end of a sentence: `; did you mean required_scopes?`, or "". */
export function hint(name: string, known: Iterable<string>): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function distanceOf(a: string, b: string): number {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  if (shorter === longer) return 0;
  return shorter.length > 2 && longer.includes(shorter) ? 1 : editDistance(a, b);
}

/** How many characters must be inserted, removed or replaced (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
