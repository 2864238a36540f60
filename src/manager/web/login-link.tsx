/** The page of a one-time login link: it exchanges the link's code for a session. */

import { Center, Loader } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useSignIn } from './session.ts';
import { ErrorPanel } from './ui/error-panel.tsx';

/** Signs in with the code behind the "#", which browsers send to no server, and goes on. */
export function LoginLink() {
  const signIn = useSignIn();
  const [, go] = useLocation();
  const [failure, setFailure] = useState<Error>();
  const code = useRef<string>(undefined);

  async function open(): Promise<void> {
    setFailure(undefined);
    try {
      const { status, problem } = await signIn({ code: code.current ?? '' });
      if (problem === '') go('/', { replace: true });
      else if (status < 500) go('/sign-in?link=spent', { replace: true });
      else setFailure(new Error(problem));
    } catch (error) {
      setFailure(error as Error);
    }
  }

  useEffect(() => {
    // The code works once, so it is sent once.
    if (code.current !== undefined) return;
    code.current = window.location.hash.slice(1);
    window.history.replaceState(null, '', '/login');
    void open();
  });

  return (
    <Center mih="100dvh" p="md">
      {failure ? (
        <ErrorPanel error={failure} onRetry={() => void open()} />
      ) : (
        <Loader type="dots" role="status" aria-label="Signing in" />
      )}
    </Center>
  );
}
