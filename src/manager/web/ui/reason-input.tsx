/** The input for the reason of a revocation. */

import { TextInput } from '@mantine/core';

/** The input; the reason is optional. */
export function ReasonInput(props: { value: string; onChange: (reason: string) => void }) {
  return (
    <TextInput
      label="Reason"
      description="Optional. It is written to the audit log."
      maxLength={256}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value)}
    />
  );
}
