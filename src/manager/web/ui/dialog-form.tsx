/** The form of a dialog that changes something: fields, an error if any, and two buttons. */

import { Button, Group, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { ErrorPanel } from './error-panel.tsx';

/** Puts the fields (`children`) of a dialog above the error, "Cancel" and the submit button. */
export function DialogForm(props: {
  /** The text of the submit button. */
  action: string;
  /** Whether the submit button warns by its colour. */
  isDangerous?: boolean;
  /** Whether the submit button is disabled. */
  disabled?: boolean;
  /** Whether the change is being sent. */
  isBusy: boolean;
  /** Why the last try failed. */
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
