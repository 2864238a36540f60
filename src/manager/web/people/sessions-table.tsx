/** Sessions of the web app, each with a button that ends it. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Button, Center, Group, Skeleton, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import {
  type ListSessionsRequestSchema,
  PeopleService,
  type Session,
} from '../../../gen/usher/v1/people_pb.ts';
import { useSession } from '../session.ts';
import { sayActor } from '../ui/actor.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import { methodWords } from './role-words.ts';
import { usePeopleCall } from './use-people-call.ts';

/** The sessions, with a title; `withNames` also says whose each is. */
export function SessionsTable(props: {
  title: string;
  whose: MessageInitShape<typeof ListSessionsRequestSchema>;
  withNames?: boolean;
  /** Buttons beside the title. */
  actions?: ReactNode;
}) {
  const { title, whose, withNames = false, actions } = props;
  const list = useInfiniteQuery(
    PeopleService.method.listSessions,
    { ...whose, pageSize: 200, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: page => page.nextPageToken || undefined },
  );
  const sessions = list.data?.pages.flatMap(page => page.sessions) ?? [];
  const columns = [...(withNames ? ['Who'] : []), 'Browser', 'From', 'Signed in', 'Last used', ''];
  return (
    <section aria-label={title}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {actions}
      </Group>
      {list.isPending && <Skeleton h={90} aria-busy="true" aria-label="Loading sessions" />}
      {list.isError && <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && sessions.length === 0 && !list.hasNextPage && (
        <Text c="dimmed" size="sm">
          No one is signed in.
        </Text>
      )}
      {sessions.length > 0 && (
        <div className="card table-card">
          <Table className="cards-on-phone" verticalSpacing="sm" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                {columns.map(column => (
                  <Table.Th key={column}>
                    {column || <span className="quiet">Action</span>}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sessions.map(session => (
                <Row key={session.id} session={session} withName={withNames} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {list.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Load more
          </Button>
        </Center>
      )}
    </section>
  );
}

function Row({ session, withName }: { session: Session; withName: boolean }) {
  const { actor } = useSession();
  const ending = usePeopleCall(PeopleService.method.endSession);
  const whose = session.actor === actor ? 'your' : `${session.name}'s`;

  async function end() {
    if (!(await ending.run({ id: session.id }))) return;
    notifications.show({ message: 'The session has ended.', color: 'teal' });
  }

  return (
    <Table.Tr>
      {withName && (
        <Table.Td data-label="Who" className="cell-name">
          {sayActor(session.actor, session.name)}
        </Table.Td>
      )}
      <Table.Td data-label="Browser" className="cell-name">
        {session.browser}{' '}
        {session.current && (
          <span className="state" data-tone="good">
            This one
          </span>
        )}
        <Text size="xs" c="dimmed">
          {methodWords(session.method)}
        </Text>
      </Table.Td>
      <Table.Td data-label="From">{session.address}</Table.Td>
      <Table.Td data-label="Signed in" className="nowrap">
        <When time={session.createTime} />
      </Table.Td>
      <Table.Td data-label="Last used" className="nowrap">
        <When time={session.lastUsedTime} />
      </Table.Td>
      <Table.Td>
        {!session.current && (
          <Button
            size="xs"
            variant="default"
            loading={ending.isBusy}
            aria-label={`End ${whose} session in ${session.browser}`}
            onClick={() => void end()}
          >
            End
          </Button>
        )}
        {ending.error && <ErrorPanel error={ending.error} />}
      </Table.Td>
    </Table.Tr>
  );
}
