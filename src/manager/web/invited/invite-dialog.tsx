/** The dialogs that make a one-time link: for a new person, and for one who lost their passkey. */

import { Alert, Button, Group, Radio, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import {
  type CreateInvitationResponse,
  InvitationService,
} from '../../../gen/usher/v1/invitations_pb.ts';
import { Role } from '../../../gen/usher/v1/people_pb.ts';
import { givenRoles, roleWords } from '../people/role-words.ts';
import { usePeopleCall } from '../people/use-people-call.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { leaveAfterAsking } from '../ui/leave-guard.ts';
import { useRequestId } from '../ui/use-request-id.ts';
import { When } from '../ui/when.tsx';

/** Asks for a name and a role, and then shows the link. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(Role.VIEWER);
  const [owners, setOwners] = useState<string[]>([]);
  const [made, setMade] = useState<CreateInvitationResponse>();
  const invite = usePeopleCall(InvitationService.method.createInvitation);
  const requestId = useRequestId();

  async function submit() {
    const kept = role === Role.AUDITOR ? [] : owners;
    const asked = { name: name.trim(), role, owners: kept };
    setMade(await invite.run({ ...asked, requestId: requestId.of(asked) }));
  }

  if (made) return <LinkDialog made={made} onClose={onClose} />;
  return (
    <Dialog onClose={onClose} title="Invite someone" size="lg">
      <DialogForm
        action="Make the link"
        disabled={name.trim() === ''}
        isBusy={invite.isBusy}
        error={invite.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <TextInput
          label="Name"
          description="What the audit log and these pages call them."
          required
          maxLength={128}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Radio.Group
          label="Role"
          value={String(role)}
          onChange={value => setRole(Number(value) as Role)}
        >
          <Stack gap="sm" mt="xs">
            {givenRoles.map(each => (
              <Radio
                key={each}
                value={String(each)}
                label={roleWords(each).name}
                description={roleWords(each).may}
              />
            ))}
          </Stack>
        </Radio.Group>
        {role !== Role.AUDITOR && (
          <TagsInput
            label="Owners"
            description="Only the access tokens of these owners. Empty for those of all. Press Enter after each."
            value={owners}
            onChange={setOwners}
            splitChars={['|']}
          />
        )}
      </DialogForm>
    </Dialog>
  );
}

/** Asks before it makes a link for a person who is there, and then shows it. */
export function NewLinkDialog(props: { personId: string; name: string; onClose: () => void }) {
  const { personId, name, onClose } = props;
  const [made, setMade] = useState<CreateInvitationResponse>();
  const invite = usePeopleCall(InvitationService.method.createInvitation);
  const requestId = useRequestId();
  async function submit() {
    setMade(await invite.run({ personId, requestId: requestId.of(personId) }));
  }
  if (made) return <LinkDialog made={made} onClose={onClose} />;
  return (
    <Dialog onClose={onClose} title={`A new link for ${name}?`}>
      <DialogForm
        action="Make the link"
        isBusy={invite.isBusy}
        error={invite.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          It signs {name} in once, for example after they lost their passkey. Earlier links of
          theirs end. Passkeys that they may have lost stay: remove those.
        </Text>
      </DialogForm>
    </Dialog>
  );
}

function LinkDialog({ made, onClose }: { made: CreateInvitationResponse; onClose: () => void }) {
  const { url, invitation } = made;
  const [isCopied, setCopied] = useState(false);
  const guard = isCopied
    ? undefined
    : 'The link is shown only now, and you have not copied it yet.';
  return (
    <Dialog onClose={onClose} guard={guard} title={`The link for ${invitation?.name}`} size="lg">
      <Stack>
        <Text size="sm">
          Send it to {invitation?.name} alone. It works once, and ends{' '}
          <When time={invitation?.expireTime} />.
        </Text>
        <code className="secret" data-testid="invite-link">
          {url}
        </code>
        <Alert data-tone="warn" icon={<IconAlertTriangle aria-hidden />}>
          The first one who opens it signs in. It is not shown again: if it is lost, revoke it and
          make another one.
        </Alert>
        <Group justify="space-between">
          <CopyButton value={url} what="link" onCopied={() => setCopied(true)} />
          <Button variant="default" onClick={() => leaveAfterAsking(onClose)}>
            Done
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
