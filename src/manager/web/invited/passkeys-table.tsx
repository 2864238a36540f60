/** The passkeys of a person: renamed and removed one by one. */

import { useQuery } from '@connectrpc/connect-query';
import { Alert, Button, Checkbox, Group, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { InvitationService, type Passkey } from '../../../gen/usher/v1/invitations_pb.ts';
import { usePeopleCall } from '../people/use-people-call.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';

/** The table. `isOwn` says that they are the reader's. */
export function PasskeysTable({ personId, isOwn }: { personId: string; isOwn: boolean }) {
  const query = useQuery(InvitationService.method.listPasskeys, { personId });
  const [asked, setAsked] = useState<{ what: 'rename' | 'remove'; passkey: Passkey }>();
  if (query.isPending) return <Skeleton h={80} aria-busy="true" aria-label="Loading passkeys" />;
  if (!query.data) return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />;
  const { passkeys } = query.data;
  const close = () => setAsked(undefined);
  if (passkeys.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {isOwn
          ? 'You have no passkey yet. Without one you cannot sign in again once this session has ended.'
          : 'No passkey: they can sign in again by a new link alone.'}
      </Text>
    );
  }
  return (
    <>
      <div className="card table-card">
        <Table className="cards-on-phone" verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              {['Passkey', 'Added', 'Last used', ''].map(column => (
                <Table.Th key={column}>
                  {column || <span className="sr-only">Actions</span>}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {passkeys.map(passkey => (
              <Table.Tr key={passkey.id}>
                <Table.Td data-label="Passkey" className="cell-name">
                  {passkey.name}
                </Table.Td>
                <Table.Td data-label="Added" className="nowrap">
                  <When time={passkey.createTime} />
                </Table.Td>
                <Table.Td data-label="Last used" className="nowrap">
                  <When time={passkey.lastUseTime} />
                </Table.Td>
                <Table.Td>
                  <Group gap="xs" justify="flex-end">
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={`Rename ${passkey.name}`}
                      onClick={() => setAsked({ what: 'rename', passkey })}
                    >
                      Rename
                    </Button>
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={`Remove ${passkey.name}`}
                      onClick={() => setAsked({ what: 'remove', passkey })}
                    >
                      Remove
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {asked?.what === 'rename' && (
        <RenameDialog personId={personId} passkey={asked.passkey} onClose={close} />
      )}
      {asked?.what === 'remove' && (
        <RemoveDialog
          personId={personId}
          passkey={asked.passkey}
          isLast={passkeys.length === 1}
          isOwn={isOwn}
          onClose={close}
        />
      )}
    </>
  );
}

interface Asked {
  personId: string;
  passkey: Passkey;
  onClose: () => void;
}

function RenameDialog({ personId, passkey, onClose }: Asked) {
  const [name, setName] = useState(passkey.name);
  const rename = usePeopleCall(InvitationService.method.renamePasskey);
  async function submit() {
    if (await rename.run({ personId, id: passkey.id, name: name.trim() })) onClose();
  }
  return (
    <Dialog onClose={onClose} title="Rename the passkey">
      <DialogForm
        action="Rename"
        isBusy={rename.isBusy}
        error={rename.error}
        disabled={name.trim() === ''}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <TextInput
          label="Name"
          value={name}
          onChange={event => setName(event.currentTarget.value)}
          maxLength={128}
          data-autofocus
        />
      </DialogForm>
    </Dialog>
  );
}

function RemoveDialog(props: Asked & { isLast: boolean; isOwn: boolean }) {
  const { personId, passkey, onClose, isLast, isOwn } = props;
  const [isSure, setSure] = useState(false);
  const remove = usePeopleCall(InvitationService.method.removePasskey);
  async function submit() {
    const { id } = passkey;
    if (await remove.run({ personId, id, allowLast: isLast && isSure })) onClose();
  }
  const who = isOwn ? 'You' : 'They';
  return (
    <Dialog onClose={onClose} title={`Remove the passkey "${passkey.name}"?`}>
      <DialogForm
        action="Remove"
        isDangerous
        disabled={isLast && !isSure}
        isBusy={remove.isBusy}
        error={remove.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          It signs in no longer. Sessions that it opened go on until they end. The device may still
          offer it: remove it there too.
        </Text>
        {isLast && (
          <>
            <Alert
              data-tone="warn"
              icon={<IconAlertTriangle aria-hidden />}
              title="It is the last one"
            >
              {who} can then sign in again only by a new link of an administrator.
            </Alert>
            <Checkbox
              label="Remove it all the same"
              checked={isSure}
              onChange={event => setSure(event.currentTarget.checked)}
            />
          </>
        )}
      </DialogForm>
    </Dialog>
  );
}
