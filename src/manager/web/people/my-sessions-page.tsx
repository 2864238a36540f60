/** The page of one's own sessions. */

import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { PeopleService } from '../../../gen/usher/v1/people_pb.ts';
import { signOut } from '../session.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { SessionsTable } from './sessions-table.tsx';
import { usePeopleCall } from './use-people-call.ts';

/** Where the caller is signed in; from here they end each session, or all of them. */
export default function MySessionsPage() {
  const ending = usePeopleCall(PeopleService.method.endSessions);
  const [isLeaving, setLeaving] = useState(false);

  async function endOthers() {
    const answer = await ending.run({ keepCurrent: true });
    if (!answer) return;
    const message =
      answer.ended === 1 ? 'One session has ended.' : `${answer.ended} sessions have ended.`;
    notifications.show({ message, color: 'teal' });
  }

  async function leave() {
    setLeaving(true);
    // The others first: this one is needed to end them.
    if (await ending.run({ keepCurrent: true })) {
      const problem = await signOut();
      if (problem !== '') notifications.show({ message: problem, color: 'red', role: 'alert' });
    }
    setLeaving(false);
  }

  return (
    <>
      <PageHeader
        title="My sessions"
        text="Where you are signed in. A session that you end is over at once, at every server."
      />
      {ending.error && <ErrorPanel error={ending.error} />}
      <SessionsTable
        title="Signed in"
        whose={{}}
        actions={
          <>
            <Button variant="default" size="xs" onClick={() => void endOthers()}>
              End all others
            </Button>
            <Button className="danger" size="xs" loading={isLeaving} onClick={() => void leave()}>
              Sign out everywhere
            </Button>
          </>
        }
      />
    </>
  );
}
