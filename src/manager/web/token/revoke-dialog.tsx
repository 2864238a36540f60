/** Ends an access token for ever, after its name was typed. */

import { useQuery } from '@connectrpc/connect-query';
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { type AccessToken, AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import { useChange } from './use-change.ts';

/** The dialog. */
export function RevokeDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const revoke = useChange(AccessTokenService.method.revoke);
  const isConfirmed = typed.trim() === token.name;

  async function submit() {
    if (!isConfirmed) return;
    if (!(await revoke.run({ id: token.id, reason: reason.trim() }))) return;
    notifications.show({
      message: `${token.name} was revoked. It is refused everywhere from now on.`,
      color: 'teal',
    });
    onClose();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Revoke this access token?"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
        noValidate
      >
        <Stack>
          <LastUse token={token} />
          <Text size="sm">
            Every request with it is refused from now on. This can't be undone; to change over
            without a gap, rotate it instead.
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
          <TextInput
            label="Reason"
            description="For the audit log; may stay empty."
            maxLength={256}
            value={reason}
            onChange={event => setReason(event.currentTarget.value)}
          />
          {revoke.error && <ErrorPanel error={revoke.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              className="danger"
              disabled={!isConfirmed}
              loading={revoke.isBusy}
            >
              Revoke for ever
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function LastUse({ token }: { token: AccessToken }) {
  const usage = useQuery(AccessTokenService.method.getUsage, { id: token.id });
  const lastUsed = usage.data?.lastUsedTime ?? token.lastUsedTime;
  const total = usage.data?.days.reduce((sum, day) => sum + day.count, 0n);
  if (!lastUsed) {
    return (
      <Alert color="gray" variant="light" title="It was never used">
        Nothing will notice.
      </Alert>
    );
  }
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={
        <>
          Last used <When time={lastUsed} />
        </>
      }
    >
      {total === undefined
        ? 'Whoever uses it is cut off at once.'
        : `${total.toLocaleString('en')} uses in the last 30 days. Whoever uses it is cut off at once.`}
    </Alert>
  );
}
