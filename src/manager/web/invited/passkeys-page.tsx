/** The page of one's own passkeys. */

import { useQuery } from '@connectrpc/connect-query';
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { PeopleService } from '../../../gen/usher/v1/people_pb.ts';
import { useSession } from '../session.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { AddPasskeyForm } from './add-passkey-form.tsx';
import { PasskeysTable } from './passkeys-table.tsx';

const personPrefix = 'person:';

/** The page; for those who can have none it says so. */
export default function PasskeysPage() {
  const { actor } = useSession();
  const isPerson = actor.startsWith(personPrefix);
  return (
    <>
      <PageHeader
        title="My passkeys"
        text="A passkey signs you in with your fingerprint, face or PIN. It is on your device, and no one else can read it."
      />
      {isPerson ? <OfPerson id={actor.slice(personPrefix.length)} /> : <ForPeople />}
    </>
  );
}

function ForPeople() {
  return (
    <EmptyState
      icon={IconFingerprint}
      title="Passkeys are for people"
      text="You are signed in with a token. Passkeys belong to people who were invited."
    />
  );
}

function OfPerson({ id }: { id: string }) {
  const person = useQuery(PeopleService.method.getPerson, { id });
  const queryClient = useQueryClient();
  if (person.isPending) return <Skeleton h={220} aria-busy="true" aria-label="Loading" />;
  if (!person.data)
    return <ErrorPanel error={person.error} onRetry={() => void person.refetch()} />;
  if (person.data.person?.issuer !== '') {
    return (
      <EmptyState
        icon={IconFingerprint}
        title="You sign in by the provider"
        text="So you need no passkey here. Your provider may have some of its own."
      />
    );
  }
  return (
    <Stack gap="xl" maw={860}>
      <PasskeysTable personId={id} isOwn />
      <section className="card padded" aria-labelledby="add-passkey">
        <Title order={2} size="h5" mb="xs" id="add-passkey">
          Add a passkey
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          Add one on each device that you use, so that a lost one does not shut you out.
        </Text>
        <AddPasskeyForm
          onAdded={() => void queryClient.invalidateQueries({ queryKey: ['connect-query'] })}
        />
      </section>
      <Group>
        <Button component={Link} href="/" variant="default">
          Go to the first page
        </Button>
      </Group>
    </Stack>
  );
}
