/** How wide the columns of a table may be, so that it fits on a terminal. */

/** Columns are not cut below this, nor below their title. */
const widthMin = 6;
/** Characters that fill two cells of a terminal: East Asian ones and emoji. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/gu;

/** How many cells of a terminal a text fills. */
export function widthOf(text: string): number {
  return [...text].length + (text.match(wide)?.length ?? 0) - (text.match(/\p{M}/gu)?.length ?? 0);
}

/**
 * The width of each column, `gap` included, so that all of them take at most `columns` cells: the
 * widest are cut first. Undefined when the table does not fit even then.
 */
export function columnWidths(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  gap: number,
): number[] | undefined {
  const natural = head.map((title, n) =>
    Math.max(widthOf(title), ...rows.map(row => widthOf(row[n] ?? ''))),
  );
  const least = head.map((title, n) =>
    Math.min(natural[n] ?? 0, Math.max(widthOf(title), widthMin)),
  );
  const room = columns - gap * head.length;
  if (sum(least) > room) return undefined;
  let limit = Math.max(...natural);
  const within = () => natural.map((width, n) => Math.max(least[n] ?? 0, Math.min(width, limit)));
  while (sum(within()) > room) limit -= 1;
  // What the last step took too much goes to the first columns that it cut.
  let left = room - sum(within());
  return within().map((width, n) => {
    const more = left > 0 && width < (natural[n] ?? 0) ? 1 : 0;
    left -= more;
    return width + more + gap;
  });
}

/**
 * A value that is shorter in a narrow column and still says the same: a time without its seconds, or
 * its day alone. Others are cut where they are printed.
 */
export function shortened(text: string, width: number): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) || width >= text.length)
    return text;
  return width >= 17 ? `${text.slice(0, 16)}Z` : text.slice(0, 10);
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0);
}
