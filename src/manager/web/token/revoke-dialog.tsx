/** The dialog that revokes an access token permanently; the user must type its name to confirm. */

import { useQuery } from '@connectrpc/connect-query';
import { Alert, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { type AccessToken, AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { ReasonInput } from '../ui/reason-input.tsx';
import { When } from '../ui/when.tsx';
import { useChange } from './use-change.ts';

const usageMs = 1_500;

/** The dialog, with the last use of the access token as a warning. */
export function RevokeDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const revoke = useChange(AccessTokenService.method.revoke);
  const isConfirmed = typed.trim() === token.name;

  async function submit() {
    if (!isConfirmed) return;
    if (!(await revoke.run({ id: token.id, reason: reason.trim() }))) return;
    notifications.show({
      message: `${token.name} was revoked. Usher refuses it from now on.`,
      color: 'teal',
    });
    onClose();
  }

  return (
    <Dialog onClose={onClose} title="Revoke this access token?">
      <DialogForm
        action="Revoke permanently"
        isDangerous
        disabled={!isConfirmed}
        isBusy={revoke.isBusy}
        error={revoke.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <LastUse token={token} />
        <Text size="sm">
          Usher will refuse every request with this access token. This can't be undone. To replace
          the secret without an outage, rotate the access token instead.
        </Text>
        <TextInput
          label={
            <>
              Type <strong className="typed-name">{token.name}</strong> to confirm
            </>
          }
          value={typed}
          onChange={event => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <ReasonInput value={reason} onChange={setReason} />
      </DialogForm>
    </Dialog>
  );
}

function LastUse({ token }: { token: AccessToken }) {
  const usage = useQuery(
    AccessTokenService.method.getUsage,
    { id: token.id },
    // Uses are counted a few seconds late, so "no use" may change while the dialog is open.
    { refetchInterval: usageMs, staleTime: 0 },
  );
  const lastUsed = usage.data?.lastUsedTime ?? token.lastUsedTime;
  const total = usage.data?.days.reduce((sum, day) => sum + day.count, 0n);
  if (!lastUsed) {
    return (
      <Alert data-tone="quiet" title="No recorded use">
        Recent uses appear after a few seconds.
      </Alert>
    );
  }
  return (
    <Alert
      data-tone="warn"
      icon={<IconAlertTriangle aria-hidden />}
      title={
        <>
          Last used <When time={lastUsed} />
        </>
      }
    >
      {total === undefined
        ? 'All its users lose access at once.'
        : `${total.toLocaleString('en')} uses in 30 days. All its users lose access at once.`}
    </Alert>
  );
}
