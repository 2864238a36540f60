/** Writes CSV (RFC 4180) for spreadsheets. */

import { stringify } from 'csv-stringify/sync';

/**
 * A cell that begins as a formula gets an apostrophe before it, so that no spreadsheet computes it; one with
 * a line end of any kind is quoted, so that it begins no row. Where Excel takes semicolons or tabs for
 * separators, a cell also begins behind these.
 */
export function csv(rows: string[][]): string {
  const cells = rows.map(row => row.map(cell => cell.replace(/(?<=;|.\t)(?=\s*[=+@-])/gs, "'")));
  return stringify(cells, {
    ...{ escape_formulas: true, quoted_match: /[\r\n]/, record_delimiter: 'windows' },
  });
}
