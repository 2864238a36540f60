/** The page of one's own passkeys. */

import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useSession } from '../session.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { AddPasskeyForm } from './add-passkey-form.tsx';
import { PasskeysTable } from './passkeys-table.tsx';

const personPrefix = 'person:';

/** The page; for those who are no people it says so. */
export default function PasskeysPage() {
  const { actor } = useSession();
  const queryClient = useQueryClient();
  return (
    <>
      <PageHeader
        title="My passkeys"
        text="A passkey signs you in with your fingerprint, face or PIN. It is on your device, and nobody can read it."
      />
      {actor.startsWith(personPrefix) ? (
        <Stack gap="xl" maw={860}>
          <PasskeysTable personId={actor.slice(personPrefix.length)} isOwn />
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
              Go to the access tokens
            </Button>
          </Group>
        </Stack>
      ) : (
        <EmptyState
          icon={IconFingerprint}
          title="Passkeys are for people"
          text="You are signed in with a token. Passkeys belong to people who were invited."
        />
      )}
    </>
  );
}
