/** What every dialog that changes something ends with: what went wrong, cancel, and do it. */

import { Button, Group, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { ErrorPanel } from './error-panel.tsx';

/** The form of a dialog. */
export function DialogForm(props: {
  /** What the button says that does it. */
  action: string;
  isDangerous?: boolean;
  disabled?: boolean;
  isBusy: boolean;
  error: Error | null;
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  onCancel: () => void;
  children: ReactNode;
}) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    props.onSubmit(event);
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {props.children}
        {props.error && <ErrorPanel error={props.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onCancel}>
            Cancel
          </Button>
          <Button
            type="submit"
            {...(props.isDangerous && { className: 'danger' })}
            disabled={props.disabled ?? false}
            loading={props.isBusy}
          >
            {props.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
