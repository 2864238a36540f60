/** The page of one person: what they may do, and where they are signed in. */

import { useQuery } from '@connectrpc/connect-query';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { PeopleService, type Person } from '../../../gen/usher/v1/people_pb.ts';
import { PasskeysSection } from '../invited/passkeys-section.tsx';
import { useSession } from '../session.ts';
import { Chips } from '../ui/chips.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { signsInBy } from './people-page.tsx';
import { RoleDialog } from './role-dialog.tsx';
import { roleWords } from './role-words.ts';
import { SessionsTable } from './sessions-table.tsx';
import { usePeopleCall } from './use-people-call.ts';

/** The page. */
export default function PersonPage({ id }: { id: string }) {
  const query = useQuery(PeopleService.method.getPerson, { id });
  if (query.isPending) return <Skeleton h={220} aria-busy="true" aria-label="Loading the person" />;
  const person = query.data?.person;
  if (!person) {
    const error = query.error ?? new Error('There is no such person.');
    return <ErrorPanel error={error} onRetry={() => void query.refetch()} />;
  }
  return <PersonView person={person} />;
}

function PersonView({ person }: { person: Person }) {
  const session = useSession();
  const actor = `person:${person.id}`;
  const isOneself = session.actor === actor;
  return (
    <>
      <PageHeader
        title={person.name}
        text={roleWords(person.role).may}
        actions={session.mayManagePeople && !isOneself && <Actions person={person} />}
      />
      <Stack gap="xl">
        <div className="card padded">
          <dl className="details">
            <Detail name="Role" value={roleWords(person.role).name} />
            <Detail
              name="Role set by"
              value={person.roleByProvider ? 'Each sign-in by the provider' : 'An administrator'}
            />
            <Detail name="Owners" value={<Chips words={person.owners} none="all" />} />
            <Detail name="E-mail" value={person.email || 'not known'} />
            <Detail name="Signs in by" value={signsInBy(person)} />
            <Detail name="Last sign-in" value={<When time={person.lastSignInTime} />} />
            <Detail name="Since" value={<When time={person.createTime} />} />
            {person.disableTime && (
              <Detail name="Disabled" value={<When time={person.disableTime} />} />
            )}
          </dl>
          {isOneself && (
            <Text size="sm" c="dimmed" mt="md">
              This is you. Another administrator can change your role.
            </Text>
          )}
        </div>
        {person.issuer === '' && <PasskeysSection person={person} isOwn={isOneself} />}
        <SessionsTable
          title="Sessions"
          whose={{ actor }}
          actions={session.mayManagePeople && <EndAll actor={actor} name={person.name} />}
        />
      </Stack>
    </>
  );
}

type Asked = 'role' | 'disable' | 'remove';

function Actions({ person }: { person: Person }) {
  const [asked, setAsked] = useState<Asked>();
  const [, go] = useLocation();
  const close = () => setAsked(undefined);
  const update = usePeopleCall(PeopleService.method.updatePerson);
  const remove = usePeopleCall(PeopleService.method.removePerson);
  const { id, name, revision } = person;
  const isDisabled = person.disableTime !== undefined;
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => setAsked('role')}>
        Change role
      </Button>
      {isDisabled ? (
        <Button
          variant="default"
          loading={update.isBusy}
          onClick={() => void update.run({ person: { id }, disabled: false })}
        >
          Enable
        </Button>
      ) : (
        <Button variant="default" onClick={() => setAsked('disable')}>
          Disable
        </Button>
      )}
      <Button className="danger" onClick={() => setAsked('remove')}>
        Remove
      </Button>
      {asked === 'role' && <RoleDialog person={person} onClose={close} />}
      {asked === 'disable' && (
        <ConfirmDialog
          title={`Disable ${name}?`}
          text="They can sign in no longer, and all their sessions end at once. You can enable them again."
          action="Disable"
          call={update}
          onConfirm={() => update.run({ person: { id }, disabled: true })}
          onDone={close}
          onClose={close}
        />
      )}
      {asked === 'remove' && (
        <ConfirmDialog
          title={`Remove ${name}?`}
          text={
            'All their sessions end at once. The audit log keeps their name. Someone whom the provider ' +
            'signs in again comes back: disable them to keep them out.'
          }
          action="Remove"
          call={remove}
          onConfirm={() => remove.run({ id, revision })}
          onDone={() => go('/people', { replace: true })}
          onClose={close}
        />
      )}
    </Group>
  );
}

function EndAll({ actor, name }: { actor: string; name: string }) {
  const [isAsked, setAsked] = useState(false);
  const ending = usePeopleCall(PeopleService.method.endSessions);
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setAsked(true)}>
        Sign out everywhere
      </Button>
      {isAsked && (
        <ConfirmDialog
          title={`Sign ${name} out everywhere?`}
          text="All their sessions end at once. They can sign in again."
          action="Sign out everywhere"
          call={ending}
          onConfirm={() => ending.run({ actor })}
          onDone={() => setAsked(false)}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}

function Detail({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
