/** The dialog that changes the role of a person. */

import { Radio, Stack, TagsInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { PeopleService, type Person, Role } from '../../../gen/usher/v1/people_pb.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { givenRoles, roleWords } from './role-words.ts';
import { usePeopleCall } from './use-people-call.ts';

const byProvider = 'provider';

/** The dialog. What is chosen here stays over sign-ins by the provider, unless it sets the role itself. */
export function RoleDialog(props: { person: Person; onClose: () => void }) {
  const { onClose } = props;
  // As of the opening of the dialog: its revision detects a change made since by others.
  const [person] = useState(props.person);
  const hasProvider = person.issuer !== '';
  const [choice, setChoice] = useState(person.roleByProvider ? byProvider : String(person.role));
  const [owners, setOwners] = useState(person.owners);
  const update = usePeopleCall(PeopleService.method.updatePerson);
  const role = choice === byProvider ? undefined : (Number(choice) as Role);

  async function submit() {
    const { id, revision } = person;
    const kept = role === Role.AUDITOR ? [] : owners;
    const done = await update.run(
      role === undefined
        ? {
            person: { id, revision, roleByProvider: true },
            updateMask: { paths: ['role_by_provider'] },
          }
        : {
            person: { id, revision, role, owners: kept },
            updateMask: { paths: ['role', 'owners'] },
          },
    );
    if (!done) return;
    notifications.show({ message: `The role of ${person.name} was changed.`, color: 'teal' });
    onClose();
  }

  return (
    <Dialog onClose={onClose} title={`Role of ${person.name}`} size="lg">
      <DialogForm
        action="Save"
        isBusy={update.isBusy}
        error={update.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Radio.Group label="Role" value={choice} onChange={setChoice}>
          <Stack gap="sm" mt="xs">
            {hasProvider && (
              <Radio
                value={byProvider}
                label="By the provider"
                description="Each sign-in sets it, by the rules of USHER_OIDC_ROLES."
              />
            )}
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
        {role !== undefined && role !== Role.AUDITOR && (
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
