/** A dialog that asks before something that ends someone's access. */

import { Text } from '@mantine/core';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';

/** The dialog; `onConfirm` resolves to undefined when it failed. */
export function ConfirmDialog(props: {
  title: string;
  text: string;
  action: string;
  call: { isBusy: boolean; error: Error | null };
  onConfirm: () => Promise<object | undefined>;
  onDone: () => void;
  onClose: () => void;
}) {
  async function submit() {
    if (await props.onConfirm()) props.onDone();
  }
  return (
    <Dialog onClose={props.onClose} title={props.title}>
      <DialogForm
        action={props.action}
        isDangerous
        isBusy={props.call.isBusy}
        error={props.call.error}
        onSubmit={() => void submit()}
        onCancel={props.onClose}
      >
        <Text size="sm">{props.text}</Text>
      </DialogForm>
    </Dialog>
  );
}
