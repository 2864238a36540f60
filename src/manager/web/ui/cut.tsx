/** A text that is cut where it is too long for its place, and readable in full on hover and focus. */

import { Tooltip } from '@mantine/core';
import type { CSSProperties } from 'react';

/**
 * The text, in one line of about `fits` characters. A row that has the keyboard's focus shows it in full,
 * and so does a phone.
 */
export function Cut({ text, fits }: { text: string; fits: number }) {
  return (
    <Tooltip
      label={text}
      disabled={text.length <= fits}
      multiline
      maw={420}
      className="wrap-anywhere"
    >
      <span className="cut" style={{ '--fits': `${fits}ch` } as CSSProperties}>
        {text}
      </span>
    </Tooltip>
  );
}
