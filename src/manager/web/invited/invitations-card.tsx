/** The invitations that have not expired, with the button that makes one. */

import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Badge, Button, Group, Skeleton, Table, Text, Title } from '@mantine/core';
import { IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { type Invitation, InvitationService } from '../../../gen/usher/v1/invitations_pb.ts';
import { ConfirmDialog } from '../people/confirm-dialog.tsx';
import { roleWords } from '../people/role-words.ts';
import { usePeopleCall } from '../people/use-people-call.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import { InviteDialog } from './invite-dialog.tsx';

/** The list, and "Invite someone". For administrators. */
export function InvitationsCard() {
  const [isInviting, setInviting] = useState(false);
  const [asked, setAsked] = useState<Invitation>();
  return (
    <section aria-labelledby="invitations">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="invitations">
          Invitations
        </Title>
        <Button
          leftSection={<IconUserPlus size={16} aria-hidden />}
          onClick={() => setInviting(true)}
        >
          Invite someone
        </Button>
      </Group>
      <List onRevoke={setAsked} />
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
      {asked && <RevokeDialog invitation={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

function List({ onRevoke }: { onRevoke: (invitation: Invitation) => void }) {
  const list = useInfiniteQuery(
    InvitationService.method.listInvitations,
    { pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: page => page.nextPageToken || undefined },
  );
  if (list.isPending) return <Skeleton h={80} aria-busy="true" aria-label="Loading invitations" />;
  if (!list.data) return <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />;
  const invitations = list.data.pages.flatMap(page => page.invitations);
  if (invitations.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No link is open. An invitation lets in someone without an OpenID provider; they then sign in
        with a passkey.
      </Text>
    );
  }
  const ordered = invitations.toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <>
      <div className="card table-card">
        <Table className="cards-on-phone" verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              {['For', 'As', 'By', 'Ends'].map(column => (
                <Table.Th key={column}>{column}</Table.Th>
              ))}
              <Table.Th>
                <span className="sr-only">Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ordered.map(each => (
              <Row key={each.id} invitation={each} onRevoke={() => onRevoke(each)} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {list.hasNextPage && (
        <Button
          mt="sm"
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </>
  );
}

function Row({ invitation, onRevoke }: { invitation: Invitation; onRevoke: () => void }) {
  const { name, role, owners, forKnown, createName, createActor, useTime } = invitation;
  const as = forKnown ? 'Signs in again' : [roleWords(role).name, ...owners].join(', ');
  return (
    <Table.Tr>
      <Table.Td data-label="For" className="cell-name">
        {name}
      </Table.Td>
      <Table.Td data-label="As" style={{ overflowWrap: 'anywhere' }}>
        {as}
      </Table.Td>
      <Table.Td data-label="By">{createName || createActor}</Table.Td>
      <Table.Td data-label="Ends" className="nowrap">
        {useTime ? (
          <Badge variant="light" color="gray">
            Used
          </Badge>
        ) : (
          <When time={invitation.expireTime} />
        )}
      </Table.Td>
      <Table.Td>
        {!useTime && (
          <Group justify="flex-end">
            <Button
              size="xs"
              variant="default"
              aria-label={`Revoke the invitation of ${name}`}
              onClick={onRevoke}
            >
              Revoke
            </Button>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function RevokeDialog({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const revoke = usePeopleCall(InvitationService.method.revokeInvitation);
  return (
    <ConfirmDialog
      title={`Revoke the invitation of ${invitation.name}?`}
      text="The link does not work from now on. You can make another one."
      action="Revoke"
      call={revoke}
      onConfirm={() => revoke.run({ id: invitation.id })}
      onDone={onClose}
      onClose={onClose}
    />
  );
}
