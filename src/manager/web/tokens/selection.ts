/** Which rows of a list are selected, and the functions that change it. */

import { useRef } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';

/** The selected access tokens, which the page holds that shows the table. */
export interface Selection {
  /** Ids of the selected access tokens; some may not be among the rows that are loaded. */
  readonly ids: ReadonlySet<string>;
  /** Selects or deselects access tokens, all of them rows of the table. */
  onChange(tokens: readonly AccessToken[], isSelected: boolean): void;
}

/**
 * A function that selects or deselects a row. With Shift held, it does so to all rows from the one
 * that was clicked last.
 */
export function useRangeSelection(rows: readonly AccessToken[], selection: Selection | undefined) {
  const last = useRef<string>(undefined);
  const now = useRef({ rows, selection });
  now.current = { rows, selection };
  const select = useRef((token: AccessToken, isSelected: boolean, isRange: boolean) => {
    const { rows: shown, selection: held } = now.current;
    const from = isRange ? shown.findIndex(({ id }) => id === last.current) : -1;
    const to = shown.findIndex(({ id }) => id === token.id);
    last.current = token.id;
    const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    held?.onChange(from < 0 ? [token] : range, isSelected);
  });
  return select.current;
}
