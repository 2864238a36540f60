/** The button that signs in with a passkey. */

import { Anchor, Button, Input, Text } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { useSignIn } from '../session.ts';
import { askPasskey, usePasskeysHere } from './ceremony.ts';

/** The button, where passkeys can be used; otherwise the address at which they can be, if there is one. */
export function PasskeyButton() {
  const here = usePasskeysHere();
  const signIn = useSignIn();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  async function enter() {
    setBusy(true);
    setProblem('');
    try {
      setProblem((await signIn({ passkey: await askPasskey() })).problem);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  if (here === undefined) return null;
  if (!here.isUsable) {
    if (here.origin === undefined) return null;
    return (
      <Text size="sm" c="dimmed">
        To sign in with a passkey, open <Anchor href={here.origin}>{here.origin}</Anchor>.
      </Text>
    );
  }
  return (
    <div>
      <Button
        variant="default"
        size="md"
        fullWidth
        loading={isBusy}
        leftSection={<IconFingerprint size={18} aria-hidden />}
        onClick={() => void enter()}
      >
        Sign in with a passkey
      </Button>
      {problem !== '' && (
        <Input.Error size="sm" mt={6} role="alert">
          {problem}
        </Input.Error>
      )}
    </div>
  );
}
