/** A dialog that holds the keyboard focus while it is open, and returns it when it closes. */

import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { leaveAfterAsking, useLeaveGuard } from './leave-guard.ts';

/** An open dialog. To close it, stop rendering it: `onClose` asks the parent to do so. */
export function Dialog(props: {
  title: string;
  size?: string;
  /** What closing it would lose; undefined for nothing. */
  guard?: string | undefined;
  onClose: () => void;
  children: ReactNode;
}) {
  useLeaveGuard(props.guard);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    return () => {
      // The opener may be gone: a revoked access token has no buttons.
      const target = opener?.isConnected ? opener : document.getElementById('main');
      if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    };
  }, [opener]);
  return (
    <Modal
      opened
      onClose={() => leaveAfterAsking(props.onClose)}
      title={props.title}
      size={props.size ?? 'md'}
      returnFocus={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {props.children}
    </Modal>
  );
}
