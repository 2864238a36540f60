/** Why something was revoked. */

import { TextInput } from '@mantine/core';

/** Asks for the reason. */
export function ReasonInput(props: { value: string; onChange: (reason: string) => void }) {
  return (
    <TextInput
      label="Reason"
      description="For the audit log; may stay empty."
      maxLength={256}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value)}
    />
  );
}
