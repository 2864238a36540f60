/** The dialog that revokes one JWT, which was pasted as a whole; its access token stays active. */

import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { type AccessToken, AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { useChange } from '../token/use-change.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { ReasonInput } from '../ui/reason-input.tsx';

/** The dialog. */
export function RevokeJwtDialog(props: { token: AccessToken; jwt: string; onClose: () => void }) {
  const { token, jwt, onClose } = props;
  const [reason, setReason] = useState('');
  const revoke = useChange(AccessTokenService.method.revokeJwts);

  async function submit() {
    const target = { case: 'jwt', value: jwt } as const;
    if (!(await revoke.run({ id: token.id, target, reason: reason.trim() }))) return;
    notifications.show({ message: 'Usher refuses this JWT from now on.', color: 'teal' });
    onClose();
  }
  return (
    <Dialog onClose={onClose} title="Revoke this JWT?">
      <DialogForm
        action="Revoke this JWT"
        isDangerous
        isBusy={revoke.isBusy}
        error={revoke.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          Usher will refuse this JWT. <strong>{token.name}</strong> stays active, and so do its
          other JWTs. This can't be undone.
        </Text>
        <ReasonInput value={reason} onChange={setReason} />
      </DialogForm>
    </Dialog>
  );
}
