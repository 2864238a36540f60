/** The ways to sign in besides a token: by the OpenID provider, and what to do when that failed. */

import { Alert, Button, Divider } from '@mantine/core';
import { IconInfoCircle, IconLogin2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

/** How people can sign in at this server. */
interface Ways {
  /** What the provider is called; absent for none. */
  provider?: string;
}

async function readWays(): Promise<Ways> {
  const response = await fetch('/sign-in/ways');
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

/** A link to the provider, above the form for a token; nothing without a provider. */
export function SignInWays({ isInNewTab }: { isInNewTab: boolean }) {
  const { data } = useQuery({ queryKey: ['sign-in-ways'], queryFn: readWays, staleTime: 60_000 });
  if (data?.provider === undefined) return null;
  return (
    <>
      <Button
        component="a"
        href="/sign-in/provider"
        {...(isInNewTab && { target: '_blank', rel: 'opener' })}
        size="md"
        fullWidth
        leftSection={<IconLogin2 size={18} aria-hidden />}
      >
        Sign in with {data.provider}
      </Button>
      <Divider label="or with a token" />
    </>
  );
}

const problems: Record<string, [title: string, text: string]> = {
  unreachable: [
    'The provider cannot be reached',
    'Try again in a minute. If that does not help, ask the operator of Usher to look into its log.',
  ],
  declined: ['The sign-in was declined', 'You, or the provider, did not agree. Try again.'],
  state: [
    'That was another sign-in',
    'The answer of the provider is not for the sign-in that this browser began. Begin again.',
  ],
  expired: [
    'The sign-in took too long',
    'It was begun more than ten minutes ago, or in another browser. Begin again.',
  ],
  code: ['That answer was used before', 'An answer of the provider signs in once. Begin again.'],
  clock: [
    'The clocks differ',
    'The clock of the provider and that of Usher differ by too much. Ask the operators of both to correct them.',
  ],
  setup: [
    'Usher is not set up for this provider',
    'The provider refuses Usher. Ask the operator of Usher to compare client id, secret and redirect address.',
  ],
  answer: [
    'The answer of the provider does not hold',
    'You are not signed in. Ask the operator of Usher to look into its log.',
  ],
  role: [
    'You have no role here',
    'The provider knows you, but no rule of Usher gives you a role. Ask an administrator for one.',
  ],
  slowed: ['Too many tries', 'Wait a minute, then begin again.'],
  disabled: ['Your access is disabled', 'Ask an administrator to enable it again.'],
};

/** Why a sign-in by the provider came to nothing; nothing for no problem. */
export function SignInProblem({ problem }: { problem: string | null }) {
  const [title, text] = (problem !== null && problems[problem]) || [];
  if (title === undefined) return null;
  return (
    <Alert role="alert" icon={<IconInfoCircle aria-hidden />} data-tone="warn" title={title}>
      {text}
    </Alert>
  );
}
