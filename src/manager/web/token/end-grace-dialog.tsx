/** The dialog that ends the grace of the last rotation. */

import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { When } from '../ui/when.tsx';
import { useChange } from './use-change.ts';

/** The dialog; the previous token or secret key ends when it is confirmed. */
export function EndGraceDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const end = useChange(AccessTokenService.method.endGrace);
  const word = token.kind === Kind.JWT ? 'secret key' : 'token';

  async function submit() {
    if (!(await end.run({ id: token.id }))) return;
    notifications.show({ message: `The previous ${word} is refused from now on.`, color: 'teal' });
    onClose();
  }

  return (
    <Dialog onClose={onClose} title={`End the previous ${word} now?`}>
      <DialogForm
        action="End it now"
        isDangerous
        isBusy={end.isBusy}
        error={end.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          <strong>{token.name}</strong> was rotated, and its previous {word} would still be valid
          until <When time={token.previousSecretExpireTime} />. Clients that were not switched to
          the new one are refused at once. This can't be undone.
        </Text>
      </DialogForm>
    </Dialog>
  );
}
