/** The sign-in page, shown without a session. */

import {
  Alert,
  Button,
  Center,
  Code,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { PasskeyButton } from './invited/passkey-button.tsx';
import { useSignIn } from './session.ts';
import { SchemeToggle } from './shell.tsx';
import { SignInProblem, SignInWays } from './sign-in-ways.tsx';
import { Mark } from './ui/mark.tsx';
import { useTitle } from './ui/use-title.ts';

/** A form that asks for an admin token; `again` after a session has ended below it. */
export function SignIn({ again = false }: { again?: boolean }) {
  useTitle('Sign in');
  const [search] = useSearchParams();
  const signIn = useSignIn();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (token.trim() === '') return setProblem('Paste a token first.');
    setBusy(true);
    try {
      setProblem((await signIn({ token: token.trim() })).problem);
    } catch {
      setProblem('The server cannot be reached.');
    } finally {
      setBusy(false);
    }
  }

  return (
    <Center component="main" className="sign-in" mih="100dvh" p="md">
      <Stack w="100%" maw={420} gap="lg">
        <Group justify="space-between">
          <Mark size="lg" />
          <SchemeToggle />
        </Group>
        {search.get('link') === 'spent' && <SpentLink />}
        <SignInProblem problem={search.get('problem')} />
        {again && <Ended />}
        <Paper withBorder p="xl" radius="lg" shadow="sm" className="card">
          <form onSubmit={event => void submit(event)} noValidate>
            <Stack>
              <div>
                <Title order={1} size="h2">
                  Sign in
                </Title>
                <Text c="dimmed" mt={4}>
                  to the API Manager
                </Text>
              </div>
              <SignInWays isInNewTab={again} />
              <PasswordInput
                label="Admin token"
                description="It is sent to this server once and not stored in this browser."
                value={token}
                onChange={event => setToken(event.currentTarget.value)}
                error={problem || undefined}
                autoComplete="off"
                data-autofocus
                autoFocus
                visibilityToggleButtonProps={{ 'aria-label': 'Show the token', tabIndex: 0 }}
              />
              <Button type="submit" loading={isBusy} fullWidth size="md">
                Sign in
              </Button>
              <PasskeyButton />
            </Stack>
          </form>
        </Paper>
        <Hint />
      </Stack>
    </Center>
  );
}

function SpentLink() {
  return (
    <Alert
      icon={<IconInfoCircle aria-hidden />}
      data-tone="warn"
      title="This login link was used or has expired"
    >
      A login link works once, within ten minutes. <Code>usher login</Code> prints a new one.
    </Alert>
  );
}

function Ended() {
  return (
    <Alert icon={<IconInfoCircle aria-hidden />} data-tone="warn" title="Your session has ended">
      Sign in again to go on. What you typed is still there.
    </Alert>
  );
}

function Hint() {
  return (
    <Text size="sm" c="dimmed">
      The admin token is in <Code>USHER_ADMIN_TOKEN</Code> or, with the embedded store, in the data
      folder. Any access token with scope <Code>usher.admin</Code>, <Code>usher.tokens.read</Code>{' '}
      or <Code>usher.audit.read</Code> works too. <Code>usher login</Code> prints a link that needs
      no token.
    </Text>
  );
}
