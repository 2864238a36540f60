/** The passkeys on the page of a person, with the button that makes them a new link. */

import { Button, Group, Title } from '@mantine/core';
import { useState } from 'react';
import type { Person } from '../../../gen/usher/v1/people_pb.ts';
import { useSession } from '../session.ts';
import { NewLinkDialog } from './invite-dialog.tsx';
import { PasskeysTable } from './passkeys-table.tsx';

/** The section, for someone who signs in by passkeys. */
export function PasskeysSection({ person, isOwn }: { person: Person; isOwn: boolean }) {
  const { mayManagePeople } = useSession();
  const [isAsked, setAsked] = useState(false);
  return (
    <section aria-labelledby="passkeys">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="passkeys">
          Passkeys
        </Title>
        {mayManagePeople && !isOwn && person.disableTime === undefined && (
          <Button variant="default" size="xs" onClick={() => setAsked(true)}>
            New sign-in link
          </Button>
        )}
      </Group>
      <PasskeysTable personId={person.id} isOwn={isOwn} />
      {isAsked && (
        <NewLinkDialog personId={person.id} name={person.name} onClose={() => setAsked(false)} />
      )}
    </section>
  );
}
