/** The page of an invitation's link: who invites whom as what, and the way in. */

import { Alert, Button, Center, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconMailOpened } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useSignIn } from '../session.ts';
import { SchemeToggle } from '../shell.tsx';
import { Mark } from '../ui/mark.tsx';
import { useTitle } from '../ui/use-title.ts';
import { post, usePasskeysHere } from './ceremony.ts';

/** What the server says of an invitation. */
interface Shown {
  name: string;
  role: string;
  owners?: string[];
  by: string;
  expiresAt: number;
  isForKnown: boolean;
}

const roleTexts: Record<string, string> = {
  viewer: 'You will see access tokens, their usage and the audit log.',
  issuer: 'You will see access tokens, and have JWTs signed.',
  keeper: 'You will create, change, rotate and revoke access tokens.',
  admin: 'You may do everything.',
  auditor: 'You will see the audit log.',
};

const until = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

/** Reads the code behind the "#", which browsers send to no server, and shows what it is good for. */
export default function InvitePage() {
  useTitle('Invitation');
  const [shown, setShown] = useState<Shown>();
  const [problem, setProblem] = useState('');
  const code = useRef<string>(undefined);

  async function look() {
    setProblem('');
    try {
      setShown(await post<Shown>('/invitation', { code: code.current }));
    } catch (error) {
      setProblem((error as Error).message);
    }
  }
  useEffect(() => {
    if (code.current !== undefined) return;
    code.current = window.location.hash.slice(1) || 'none';
    window.history.replaceState(null, '', '/invite');
    void look();
  });

  return (
    <Center component="main" className="sign-in" mih="100dvh" p="md">
      <Stack w="100%" maw={480} gap="lg">
        <Group justify="space-between">
          <Mark size="lg" />
          <SchemeToggle />
        </Group>
        {shown ? (
          <Invitation shown={shown} code={code.current ?? ''} />
        ) : problem === '' ? (
          <Loader type="dots" role="status" aria-label="Reading the invitation" />
        ) : (
          <Failed problem={problem} onRetry={() => void look()} />
        )}
      </Stack>
    </Center>
  );
}

function Invitation({ shown, code }: { shown: Shown; code: string }) {
  const { name, role, owners, by, expiresAt, isForKnown } = shown;
  const signIn = useSignIn();
  const [, go] = useLocation();
  const here = usePasskeysHere();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  async function enter() {
    setBusy(true);
    try {
      const answer = await signIn({ invitation: code });
      if (answer.problem === '') go('/passkeys', { replace: true });
      else setProblem(answer.problem);
    } catch {
      setProblem('The server cannot be reached.');
    } finally {
      setBusy(false);
    }
  }

  return (
    <Paper withBorder p="xl" radius="lg" shadow="sm" className="card">
      <Stack>
        <div>
          <Title order={1} size="h2" ref={heading} tabIndex={-1} className="no-ring">
            {isForKnown ? `Welcome back, ${name}` : `Welcome, ${name}`}
          </Title>
          <Text mt={6} style={{ overflowWrap: 'anywhere' }}>
            <b>{by}</b>{' '}
            {isForKnown
              ? 'made this link so that you can sign in to the API Manager again.'
              : `invites you to the API Manager as ${articleOf(role)} ${role}.`}
          </Text>
        </div>
        {!isForKnown && (
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {roleTexts[role]}
            {owners && ` Only those of ${owners.join(', ')}.`}
          </Text>
        )}
        {here && !here.isUsable && (
          <Alert
            data-tone="warn"
            icon={<IconAlertTriangle aria-hidden />}
            title="Passkeys cannot be used here"
          >
            {here.origin === undefined
              ? `You can sign in now, and not again later: ${here.why}.`
              : `To be able to sign in again, open the link at ${here.origin} instead.`}
          </Alert>
        )}
        {problem !== '' && (
          <Alert role="alert" data-tone="bad" icon={<IconAlertTriangle aria-hidden />}>
            {problem}
          </Alert>
        )}
        <Button
          size="md"
          fullWidth
          loading={isBusy}
          leftSection={<IconMailOpened size={18} aria-hidden />}
          onClick={() => void enter()}
        >
          Sign in as {name}
        </Button>
        <Text size="sm" c="dimmed">
          The link works once, until {until.format(expiresAt)}. You then make a passkey, with which
          you sign in from now on.
        </Text>
      </Stack>
    </Paper>
  );
}

function articleOf(role: string): string {
  return /^[aeiou]/.test(role) ? 'an' : 'a';
}

function Failed({ problem, onRetry }: { problem: string; onRetry: () => void }) {
  const isSpent = problem.startsWith('this invitation');
  return (
    <Alert
      role="alert"
      data-tone="warn"
      icon={<IconAlertTriangle aria-hidden />}
      title={isSpent ? 'This link is no longer good' : 'The invitation could not be read'}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">
          {isSpent
            ? 'It was used or revoked, or has expired. Ask the person who sent it for a new one.'
            : problem}
        </Text>
        {isSpent ? (
          <Button component={Link} href="/" size="xs" variant="default">
            Go to the sign-in
          </Button>
        ) : (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
