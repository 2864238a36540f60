/** A dialog: the focus goes into it, stays in it, and goes back to where it was. */

import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

/** An open dialog; it is closed by not being there any more. */
export function Dialog(props: {
  title: string;
  size?: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    return () => {
      // What it was opened from may be gone: a revoked access token has no more buttons.
      const target = opener?.isConnected ? opener : document.getElementById('main');
      if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    };
  }, [opener]);
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size={props.size ?? 'md'}
      returnFocus={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {props.children}
    </Modal>
  );
}
