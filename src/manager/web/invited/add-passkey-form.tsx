/** The form that adds a passkey of the signed-in person. */

import { Alert, Anchor, Button, Group, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconFingerprint } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { addPasskey, deviceName, usePasskeysHere } from './ceremony.ts';

/** The form; where passkeys cannot be used it says why. */
export function AddPasskeyForm({ onAdded }: { onAdded: () => void }) {
  const here = usePasskeysHere();
  const [name, setName] = useState(deviceName);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === '') return setProblem('Give it a name first.');
    setBusy(true);
    setProblem('');
    try {
      await addPasskey(name.trim());
      notifications.show({ message: `The passkey "${name.trim()}" was added.`, color: 'teal' });
      onAdded();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  if (here === undefined) return null;
  if (!here.isUsable) {
    return (
      <Alert
        data-tone="warn"
        icon={<IconAlertTriangle aria-hidden />}
        title="Passkeys cannot be used here"
      >
        <Text size="sm">
          {here.why[0]?.toUpperCase()}
          {here.why.slice(1)}.
          {here.origin !== undefined && (
            <>
              {' '}
              <Anchor href={`${here.origin}/passkeys`} size="sm">
                Open it there
              </Anchor>
            </>
          )}
        </Text>
      </Alert>
    );
  }
  return (
    <form onSubmit={event => void submit(event)} noValidate>
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Name of the passkey"
          description="Where it is, so that you know it later."
          value={name}
          onChange={event => setName(event.currentTarget.value)}
          error={problem || undefined}
          maxLength={128}
          flex="1 1 220px"
        />
        <Button
          type="submit"
          loading={isBusy}
          leftSection={<IconFingerprint size={18} aria-hidden />}
        >
          Add a passkey
        </Button>
      </Group>
    </form>
  );
}
